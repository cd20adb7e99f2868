//! One look at an address of an app: whether it takes a connection and, where the site has a health
//! check, whether it answers as it should.
use std::io;

use http::{Method, header};
use pingora::{Error, ErrorType, Result};
use pingora_core::connectors::http::Connector;
use pingora_core::protocols::http::client::HttpSession;
use pingora_http::RequestHeader;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::target::Target;
use crate::gate::HealthCheck;

/// The longest status line that is looked at, bytes.
const STATUS_LINE: usize = 1024;

/// What was seen.
pub(super) enum Sight {
    /// It takes connections; without a health check, that is all that is known.
    Connects,
    Healthy,
    /// It takes connections and does not answer as it should.
    Unhealthy(String),
    /// It takes no connection.
    Unreachable(String),
}

/// Looks at an address, for as long as a request would wait for a connection, and as long again for
/// the answer. `host`: for the health check's `Host`.
pub(super) async fn look(
    target: &Target,
    check: Option<&HealthCheck>,
    host: &str,
    connector: &Connector,
) -> Sight {
    if target.route.protocol.is_http2() {
        return over_http2(target, check, host, connector).await;
    }
    let socket = match target.connect().await {
        Ok(socket) => socket,
        Err(why) => return Sight::Unreachable(why.to_string()),
    };
    let Some(check) = check else { return Sight::Connects };
    let asked = tokio::time::timeout(target.route.connect_timeout, status(socket, check, host));
    judge(check, asked.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())))
}

fn judge(check: &HealthCheck, status: io::Result<u16>) -> Sight {
    match status {
        Ok(status) if status == check.status => Sight::Healthy,
        Ok(status) => Sight::Unhealthy(format!("health check: status {status}")),
        Err(why) => Sight::Unhealthy(format!("health check: {why}")),
    }
}

/// The status of the answer to one request over HTTP/1.1.
async fn status(
    mut socket: Box<dyn super::app_socket::AppSocket>,
    check: &HealthCheck,
    host: &str,
) -> io::Result<u16> {
    let path = &check.path;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: doorcode\r\nConnection: close\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await?;
    socket.flush().await?;
    let mut line = Vec::new();
    while line.len() < STATUS_LINE && !line.contains(&b'\n') {
        if socket.read_buf(&mut line).await? == 0 {
            break;
        }
    }
    let line = String::from_utf8_lossy(&line);
    let mut words = line.strip_prefix("HTTP/1.").unwrap_or_default().split([' ', '\r', '\n']);
    let status = words.nth(1).and_then(|word| word.parse().ok());
    status.ok_or_else(|| io::Error::other("an answer that is not HTTP/1.1"))
}

async fn over_http2(
    target: &Target,
    check: Option<&HealthCheck>,
    host: &str,
    connector: &Connector,
) -> Sight {
    let mut peer = target.peer();
    // With room for no other stream, it is not kept: each look has a connection of its own.
    peer.options.max_h2_streams = 1;
    let connected =
        tokio::time::timeout(target.route.connect_timeout, connector.get_http_session(&peer));
    let session = match connected.await {
        Ok(Ok((session, _))) => session,
        Ok(Err(why)) => return Sight::Unreachable(super::cause(&why)),
        Err(_) => return Sight::Unreachable(io::Error::from(io::ErrorKind::TimedOut).to_string()),
    };
    let Some(check) = check else { return Sight::Connects };
    let asked =
        tokio::time::timeout(target.route.connect_timeout, http2_status(session, check, host));
    let asked = asked.await.unwrap_or_else(|_| Error::e_explain(ErrorType::ReadTimedout, ""));
    judge(check, asked.map_err(|why| io::Error::other(super::cause(&why))))
}

async fn http2_status(mut session: HttpSession, check: &HealthCheck, host: &str) -> Result<u16> {
    let mut request = RequestHeader::build(Method::GET, check.path.as_bytes(), None)?;
    request.insert_header(header::HOST, host)?;
    request.insert_header(header::USER_AGENT, "doorcode")?;
    session.write_request_header(Box::new(request)).await?;
    session.finish_request_body().await?;
    session.read_response_header().await?;
    let no_answer = || Error::explain(ErrorType::ReadError, "no answer");
    Ok(session.response_header().ok_or_else(no_answer)?.status.as_u16())
}
