//! The app: each of the four kinds of calls, and statuses of both kinds.
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;

use tokio_stream::{Stream, StreamExt as _};
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::transport::Server;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::service::numbers_server::{Numbers, NumbersServer};
use crate::service::{Caller, Number};

/// What a stream counts to before it fails.
pub(crate) const MOST: u64 = 1000;

type Answers = Pin<Box<dyn Stream<Item = Result<Number, Status>> + Send>>;

struct App;

/// Serves on a port of this machine until the process is ended.
pub(crate) async fn serve(port: u16) -> Result<(), tonic::transport::Error> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    Server::builder().add_service(NumbersServer::new(App)).serve(address).await
}

fn text(metadata: &MetadataMap, name: &str) -> String {
    metadata.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

#[tonic::async_trait]
impl Numbers for App {
    async fn caller(&self, request: Request<Number>) -> Result<Response<Caller>, Status> {
        let user = text(request.metadata(), "x-forwarded-user");
        let authorization = text(request.metadata(), "authorization");
        Ok(Response::new(Caller { user, authorization }))
    }

    /// An odd number is an error, with bytes that are no text beside its message.
    async fn halve(&self, request: Request<Number>) -> Result<Response<Number>, Status> {
        let value = request.get_ref().value;
        if value.is_multiple_of(2) {
            return Ok(Response::new(Number { value: value / 2 }));
        }
        let mut metadata = MetadataMap::new();
        metadata.insert_bin("remainder-bin", MetadataValue::from_bytes(&[0, 1, 0xff]));
        let message = "an odd number: ½ of it is left";
        Err(Status::with_metadata(Code::InvalidArgument, message, metadata))
    }

    type CountStream = Answers;

    /// 1, 2, … to the number, or to [`MOST`] and an error in the trailers.
    async fn count(&self, request: Request<Number>) -> Result<Response<Answers>, Status> {
        let wanted = request.get_ref().value;
        let numbers = (1..=wanted.min(MOST)).map(|value| Ok(Number { value }));
        let end = (wanted > MOST).then(|| Err(Status::out_of_range("that is too far")));
        Ok(Response::new(Box::pin(tokio_stream::iter(numbers.chain(end)))))
    }

    async fn sum(&self, request: Request<Streaming<Number>>) -> Result<Response<Number>, Status> {
        let mut numbers = request.into_inner();
        let mut value = 0;
        while let Some(number) = numbers.message().await? {
            value += number.value;
        }
        Ok(Response::new(Number { value }))
    }

    type DoubleStream = Answers;

    /// Answers each number before the next has come.
    async fn double(
        &self,
        request: Request<Streaming<Number>>,
    ) -> Result<Response<Answers>, Status> {
        let twice = |number: Number| Number { value: number.value * 2 };
        let answers = request.into_inner().map(move |number| number.map(twice));
        Ok(Response::new(Box::pin(answers)))
    }
}
