//! One request over HTTP/2 without TLS, by prior knowledge: what the client library would need for it would
//! also change how providers are called.
use http::{HeaderMap, Request, StatusCode};
use tokio::net::TcpStream;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoHttp2 {
    #[error("the request cannot be made")]
    Request(#[from] http::Error),
    #[error("it does not speak HTTP/2, or failed")]
    Connection(#[from] h2::Error),
    #[error("the connection ended before an answer")]
    Ended,
}

/// The answer to a GET, without its body.
///
/// # Errors
///
/// [`NoHttp2`].
pub(super) async fn get(stream: TcpStream, url: &str) -> Result<(StatusCode, HeaderMap), NoHttp2> {
    let request = Request::get(url).body(())?;
    let (client, connection) = h2::client::handshake(stream).await?;
    let asked = async {
        let (answer, _) = client.ready().await?.send_request(request, true)?;
        let (head, _) = answer.await?.into_parts();
        Ok((head.status, head.headers))
    };
    tokio::select! {
        // The last frames of a connection may be the answer.
        biased;
        answer = asked => answer,
        ended = connection => Err(ended.map_or_else(NoHttp2::from, |()| NoHttp2::Ended)),
    }
}
