//! A client as tonic makes it: calls everything once and says what it got, one line each.
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};

use crate::Failure;
use crate::server::MOST;
use crate::service::Number;
use crate::service::numbers_client::NumbersClient;

/// How long a call may take beside other work on the machine.
const PATIENCE: Duration = Duration::from_secs(60);

type Client = NumbersClient<InterceptedService<Channel, Credentials>>;

/// One line of metadata for each call, such as `authorization: Bearer …`.
#[derive(Clone)]
struct Credentials(Option<(&'static str, MetadataValue<Ascii>)>);

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some((name, value)) = &self.0 {
            request.metadata_mut().insert(*name, value.clone());
        }
        Ok(request)
    }
}

/// Calls the app at `url`, whose certificate `authority` (PEM) vouches for. The environment holds
/// `AUTHORIZATION` or `COOKIE`, or nothing that says who calls.
pub(crate) async fn call(url: &str, authority: &str) -> Result<(), Failure> {
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority));
    let endpoint = Endpoint::from_shared(url.to_owned())?.timeout(PATIENCE).tls_config(tls)?;
    let channel = endpoint.connect().await?;
    let credentials = Credentials(credentials()?);
    let mut client = NumbersClient::with_interceptor(channel, credentials);
    match client.caller(Number::default()).await {
        Ok(answer) => {
            let caller = answer.into_inner();
            println!("caller: {} {}", caller.user, caller.authorization);
        }
        Err(status) => {
            println!("caller: {}", said(&status));
            return Ok(());
        }
    }
    unary(&mut client).await?;
    streams_down(&mut client).await?;
    streams_up(&mut client).await?;
    both_ways(&mut client).await
}

fn credentials() -> Result<Option<(&'static str, MetadataValue<Ascii>)>, Failure> {
    for (variable, name) in [("AUTHORIZATION", "authorization"), ("COOKIE", "cookie")] {
        if let Ok(value) = std::env::var(variable) {
            return Ok(Some((name, value.parse()?)));
        }
    }
    Ok(None)
}

fn said(status: &Status) -> String {
    format!("{:?} {}", status.code(), status.message())
}

async fn unary(client: &mut Client) -> Result<(), Failure> {
    let half = client.halve(Number { value: 84 }).await?.into_inner();
    println!("half: {}", half.value);
    let Err(status) = client.halve(Number { value: 7 }).await else {
        return Err("an odd number was halved".into());
    };
    let rest = status.metadata().get_bin("remainder-bin").ok_or("no metadata with the status")?;
    println!("odd: {} {:?}", said(&status), rest.to_bytes()?);
    Ok(())
}

async fn streams_down(client: &mut Client) -> Result<(), Failure> {
    for wanted in [MOST, MOST + 1] {
        let mut numbers = client.count(Number { value: wanted }).await?.into_inner();
        let mut last = 0;
        let end = loop {
            match numbers.message().await {
                Ok(Some(number)) if number.value == last + 1 => last = number.value,
                Ok(Some(number)) => return Err(format!("{} after {last}", number.value).into()),
                Ok(None) => break "Ok".to_owned(),
                Err(status) => break said(&status),
            }
        };
        println!("count to {wanted}: {last}, {end}");
    }
    Ok(())
}

async fn streams_up(client: &mut Client) -> Result<(), Failure> {
    let numbers = tokio_stream::iter((1..=MOST).map(|value| Number { value }));
    println!("sum: {}", client.sum(numbers).await?.into_inner().value);
    Ok(())
}

/// Each number is sent when the answer to the one before it is here.
async fn both_ways(client: &mut Client) -> Result<(), Failure> {
    let (sender, receiver) = mpsc::channel(1);
    sender.send(Number { value: 1 }).await?;
    let mut answers = client.double(ReceiverStream::new(receiver)).await?.into_inner();
    let mut doubled = Vec::new();
    while let Some(number) = answers.message().await? {
        doubled.push(number.value);
        if doubled.len() == 6 {
            break;
        }
        sender.send(number).await?;
    }
    drop(sender);
    let end = answers.message().await?;
    println!("doubled: {doubled:?}, then {end:?}");
    Ok(())
}
