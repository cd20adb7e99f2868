//! How a process hands its sockets over to the one that takes its place: a stream socket, the standard
//! input of the new process, over which descriptors (`SCM_RIGHTS`, unix(7)) and lines of JSON go.
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::time::Duration;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

use super::admin::ReadinessChecks;
use super::sockets::{GivenSockets, SocketError, Sockets};
use crate::domain::NodeId;

/// Set for a process whose standard input is the connection to the one that it takes the place of.
pub const TAKES_OVER: &str = "DOORCODE_TAKES_OVER";

/// More than a file can name in practice; the most that one message carries (`SCM_MAX_FD`).
const MOST_SOCKETS: usize = 253;
/// How often a new process looks whether it can serve.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// The first line, in bytes.
const LONGEST_GREETING: usize = 1024;

/// The first line, which the sockets come with.
#[derive(Debug, Deserialize, Serialize)]
struct Greeting {
    /// Who hands over, in the list of nodes.
    node: Option<String>,
}

/// What is said afterwards.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Message {
    /// From the new process: why it cannot serve yet.
    Waiting(String),
    /// From the new process: it can serve.
    Ready,
    /// From the old process: a value that was in its memory.
    Carried(String),
    /// From the old process: it accepts no further connection.
    Released,
    /// From the new process: it accepts what comes.
    Begun,
}

/// What the new process says.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    Waiting(String),
    Ready,
    Begun,
    /// Nothing any more, or nothing that is ours.
    Ended,
}

/// The new process, as the old one sees it.
pub struct Successor(BufReader<UnixStream>);

impl Successor {
    /// Its connection, and the end of it that becomes its standard input.
    ///
    /// # Errors
    /// When no socket can be made.
    pub fn new() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = StdUnixStream::pair()?;
        ours.set_nonblocking(true)?;
        Ok((Self(BufReader::new(UnixStream::from_std(ours)?)), theirs.into()))
    }

    /// Sends it the sockets, for whoever is the node.
    ///
    /// # Errors
    /// When it has ended.
    pub fn greet(&self, sockets: &Sockets, node: Option<NodeId>) -> io::Result<()> {
        let greeting = Greeting { node: node.map(|node| node.to_string()) };
        let mut line = serde_json::to_vec(&greeting)?;
        line.push(b'\n');
        let descriptors = sockets.all().map_err(io::Error::other)?;
        let descriptors: Vec<_> = descriptors.iter().map(|socket| socket.as_fd()).collect();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_SOCKETS))];
        let mut with = SendAncillaryBuffer::new(&mut space);
        if !with.push(SendAncillaryMessage::ScmRights(&descriptors)) {
            return Err(io::Error::other("more addresses than one process can hand over"));
        }
        sendmsg(self.0.get_ref(), &[IoSlice::new(&line)], &mut with, SendFlags::empty())?;
        Ok(())
    }

    /// What it says next. What cannot be read is its end.
    pub async fn next(&mut self) -> Progress {
        match receive(&mut self.0).await {
            Ok(Message::Waiting(why)) => Progress::Waiting(why),
            Ok(Message::Ready) => Progress::Ready,
            Ok(Message::Begun) => Progress::Begun,
            Ok(Message::Carried(_) | Message::Released) | Err(_) => Progress::Ended,
        }
    }

    /// Gives it a value that only this process has.
    ///
    /// # Errors
    /// When it has ended.
    pub async fn carry(&mut self, value: String) -> io::Result<()> {
        send(&mut self.0, &Message::Carried(value)).await
    }

    /// Says that from now on it alone accepts connections.
    ///
    /// # Errors
    /// When it has ended.
    pub async fn release(&mut self) -> io::Result<()> {
        send(&mut self.0, &Message::Released).await
    }
}

/// The process that this one takes the place of.
pub struct Predecessor {
    stream: StdUnixStream,
    node: Option<NodeId>,
}

impl Predecessor {
    /// That of this process, with its sockets, if its environment says that there is one.
    ///
    /// # Errors
    /// When standard input is no connection to such a process.
    pub fn find() -> Result<Option<(Self, GivenSockets)>, SocketError> {
        if std::env::var_os(TAKES_OVER).is_none() {
            return Ok(None);
        }
        let (stream, greeting, sockets) = receive_greeting().map_err(SocketError::Given)?;
        let node = greeting.node.as_deref().and_then(NodeId::parse);
        Ok(Some((Self { stream, node }, GivenSockets::by_predecessor(sockets)?)))
    }

    /// What it is in the list of nodes.
    pub const fn node(&self) -> Option<NodeId> {
        self.node
    }

    /// Says why this process waits, until every check holds, and then that it is ready. Returns when the
    /// old process accepts no further connection; `take_in` gets what was in its memory.
    ///
    /// # Errors
    /// When it has ended, or goes on as it was.
    pub async fn take_over(
        self,
        checks: &ReadinessChecks,
        mut take_in: impl FnMut(String),
    ) -> io::Result<()> {
        self.stream.set_nonblocking(true)?;
        let mut stream = BufReader::new(UnixStream::from_std(self.stream)?);
        while let Some(why) = checks.problem().await {
            send(&mut stream, &Message::Waiting(why)).await?;
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        send(&mut stream, &Message::Ready).await?;
        loop {
            match receive(&mut stream).await? {
                Message::Carried(value) => take_in(value),
                Message::Released => return send(&mut stream, &Message::Begun).await,
                Message::Waiting(_) | Message::Ready | Message::Begun => {
                    return Err(io::Error::other(
                        "the process before this one says what only this may",
                    ));
                }
            }
        }
    }
}

fn receive_greeting() -> io::Result<(StdUnixStream, Greeting, Vec<OwnedFd>)> {
    let stream = StdUnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut line = vec![0; LONGEST_GREETING];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST_SOCKETS))];
    let mut with = RecvAncillaryBuffer::new(&mut space);
    let into = &mut [IoSliceMut::new(&mut line)];
    let received = recvmsg(&stream, into, &mut with, RecvFlags::CMSG_CLOEXEC)?;
    let sockets = with.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(sockets) => Some(sockets),
        _ => None,
    });
    let sockets = sockets.flatten().collect();
    line.truncate(received.bytes);
    Ok((stream, serde_json::from_slice(&line)?, sockets))
}

async fn send(stream: &mut BufReader<UnixStream>, message: &Message) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    stream.get_mut().write_all(&line).await
}

async fn receive(stream: &mut BufReader<UnixStream>) -> io::Result<Message> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    Ok(serde_json::from_str(&line)?)
}
