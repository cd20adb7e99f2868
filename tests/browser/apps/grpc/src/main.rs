//! A gRPC app by tonic, and its client: `grpc-app serve PORT`, `grpc-app call URL AUTHORITY.pem`.
mod client;
mod server;
mod service;

/// What ends the program: for whoever reads the test's log.
type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", port] => Ok(server::serve(port.parse()?).await?),
        ["call", url, authority] => client::call(url, &std::fs::read_to_string(authority)?).await,
        _ => Err("usage: grpc-app serve PORT | grpc-app call URL AUTHORITY.pem".into()),
    }
}
