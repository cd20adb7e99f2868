//! HTTP/1.1 over TLS, one thread for each connection.
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::protocol::{Reply, answer};
use super::{Play, Served, lock};
use crate::support::tls::Pair;

pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: Vec<u8>,
}

pub(super) fn serve(listener: TcpListener, pair: &Pair, served: Served) {
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![pair.der.clone()], key);
    let config = Arc::new(config.expect("a certificate"));
    std::thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            if lock(&served.state).play == Play::Away {
                continue;
            }
            let (config, served) = (Arc::clone(&config), served.clone());
            // Ends with its client.
            std::thread::spawn(move || drop(connection(&socket, config, &served)));
        }
    });
}

fn connection(
    socket: &TcpStream,
    config: Arc<ServerConfig>,
    served: &Served,
) -> std::io::Result<()> {
    socket.set_read_timeout(Some(Duration::from_mins(2)))?;
    let tls = ServerConnection::new(config).map_err(std::io::Error::other)?;
    let mut stream = BufReader::new(StreamOwned::new(tls, socket));
    while let Some(asked) = request(&mut stream)? {
        let play = lock(&served.state).play;
        if matches!(play, Play::Unavailable | Play::Garbage) {
            lock(&served.state).asked.push("in vain".to_owned());
        }
        let reply = match play {
            Play::Silent => {
                let mut rest = [0];
                stream.read_exact(&mut rest)?;
                return Ok(());
            }
            Play::Away => return Ok(()),
            Play::Unavailable => Reply::plain(503, "<html>try again later</html>"),
            Play::Garbage => Reply::plain(200, "{\"newNonce\": 7, \u{7}"),
            _ => answer(served, &asked),
        };
        let head =
            format!("HTTP/1.1 {} -\r\nContent-Length: {}\r\n", reply.status, reply.body.len());
        let lines = reply.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let body = if asked.method == "HEAD" { "" } else { &reply.body };
        let all = format!("{head}{}\r\n{body}", lines.collect::<String>());
        stream.get_mut().write_all(all.as_bytes())?;
        stream.get_mut().flush()?;
    }
    Ok(())
}

fn request(
    stream: &mut BufReader<StreamOwned<ServerConnection, &TcpStream>>,
) -> std::io::Result<Option<Asked>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut length = 0;
    loop {
        let mut header = String::new();
        stream.read_line(&mut header)?;
        let header = header.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(Some(Asked { method, path, body }))
}
