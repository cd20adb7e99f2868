//! The way of visitors to a proxy: their requests leave from an address of their own, over TLS.
use std::net::Ipv4Addr;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::fronted::HOST;
use crate::support::tls::Hello;

/// The address of all visitors; the proxy has 127.0.0.1.
pub(super) const VISITOR: &str = "127.0.0.9";
const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

/// A port whose connections go to a proxy as those of a visitor.
pub(super) struct Visitors {
    pub(super) port: u16,
    proxy: u16,
    runtime: Runtime,
}

impl Visitors {
    pub(super) fn of(proxy: u16) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let listener = listener.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        runtime.spawn(async move {
            while let Ok((plain, _)) = listener.accept().await {
                Handle::current().spawn(pass(plain, proxy));
            }
        });
        Self { port, proxy, runtime }
    }

    /// What comes of a connection to the proxy with this protocol.
    pub(super) fn with<F: Future>(
        &self,
        protocol: &str,
        then: impl FnOnce(TlsStream<TcpStream>) -> F,
    ) -> F::Output {
        self.runtime.block_on(async {
            then(connect(self.proxy, protocol).await.expect("a connection")).await
        })
    }
}

async fn pass(mut plain: TcpStream, proxy: u16) {
    if let Ok(mut secret) = connect(proxy, "http/1.1").await {
        // Either may end the connection as it likes.
        drop(copy_bidirectional(&mut plain, &mut secret).await);
    }
}

async fn connect(proxy: u16, protocol: &str) -> std::io::Result<TlsStream<TcpStream>> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((ADDRESS, 0).into())?;
    let stream = socket.connect((Ipv4Addr::LOCALHOST, proxy).into()).await?;
    stream.set_nodelay(true)?;
    let config = Hello { protocols: &[protocol], ..Hello::USUAL }.config();
    let name = ServerName::try_from(HOST).expect("a name");
    TlsConnector::from(Arc::clone(&config)).connect(name, stream).await
}
