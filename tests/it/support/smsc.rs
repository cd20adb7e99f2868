//! An SMSC on this machine, by the bytes of SMPP 3.4: as strict as the specification, and as faulty as a
//! test asks for. Sends nothing.
mod wire;

use std::collections::VecDeque;
use std::io::Write as _;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use self::wire::{Command, TextFields, command, read_command};
use super::gate::wait_for;

pub(crate) const SYSTEM_ID: &str = "shop";
pub(crate) const PASSWORD: &str = "s3cret!";

const BIND_TRANSMITTER: u32 = 0x02;
const BIND_TRANSCEIVER: u32 = 0x09;
const SUBMIT_SM: u32 = 0x04;
const DELIVER_SM: u32 = 0x05;
const UNBIND: u32 = 0x06;
const ENQUIRE_LINK: u32 = 0x15;
const RESPONSE: u32 = 0x8000_0000;
const GENERIC_NACK: u32 = 0x8000_0000;

/// What becomes of one request that follows the rules; without one, it is accepted.
#[derive(Clone, Debug)]
pub(crate) enum Play {
    /// Refused with this `command_status`.
    Refuse(u32),
    /// Refused by `generic_nack`.
    Nack(u32),
    /// Answered with these octets.
    Garbage(&'static [u8]),
    /// Taken, and never answered.
    Hang,
    /// Taken, then the connection ends without an answer.
    Drop,
    /// Taken, and answered without a body.
    Bare,
    /// Taken by this id.
    Id(&'static str),
}

/// A text as it was submitted.
pub(crate) type SmscText = TextFields;

#[derive(Default)]
struct Seen {
    bind_script: VecDeque<Play>,
    script: VecDeque<Play>,
    binds: Vec<u32>,
    texts: Vec<SmscText>,
    submits: usize,
    enquiries: usize,
    unbinds: usize,
    ended: usize,
    deaf: bool,
    /// The newest one that is bound.
    session: Option<TcpStream>,
    /// Sequence number and status of responses to what it sent.
    responses: Vec<(u32, u32, u32)>,
    wrong: Vec<String>,
}

/// Serves on threads of its own until dropped.
pub(crate) struct FakeSmsc {
    port: u16,
    seen: Arc<Mutex<Seen>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FakeSmsc {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let (seen, stopped) = (Arc::<Mutex<Seen>>::default(), Arc::new(AtomicBool::new(false)));
        let (theirs, stop) = (Arc::clone(&seen), Arc::clone(&stopped));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stop.load(Ordering::Acquire) {
                    return;
                }
                let (stream, seen) = (stream.expect("a connection"), Arc::clone(&theirs));
                std::thread::spawn(move || {
                    serve(&stream, &seen);
                    // Whoever waits for the end of it sees that no session is left.
                    lock(&seen).ended += 1;
                });
            }
        });
        Self { port, seen, stopped, thread: Some(thread) }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }

    /// For `sms.smpp.url`, without a scheme.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Appends to what the next texts meet.
    pub(crate) fn script(&self, play: Play) {
        self.seen().script.push_back(play);
    }

    /// The same for the next binds.
    pub(crate) fn script_bind(&self, play: Play) {
        self.seen().bind_script.push_back(play);
    }

    /// From now on no `enquire_link` is answered.
    pub(crate) fn turn_deaf(&self) {
        self.seen().deaf = true;
    }

    /// The commands of the binds that it accepted.
    pub(crate) fn binds(&self) -> Vec<u32> {
        self.seen().binds.clone()
    }

    /// Texts that were taken.
    pub(crate) fn texts(&self) -> Vec<SmscText> {
        self.seen().texts.clone()
    }

    /// How many `submit_sm` came, refused ones too.
    pub(crate) fn submits(&self) -> usize {
        self.seen().submits
    }

    pub(crate) fn enquiries(&self) -> usize {
        self.seen().enquiries
    }

    pub(crate) fn unbinds(&self) -> usize {
        self.seen().unbinds
    }

    /// How many connections have ended.
    pub(crate) fn ended(&self) -> usize {
        self.seen().ended
    }

    /// The `n`th text, counted from 1, as soon as it was taken.
    pub(crate) fn text(&self, n: usize) -> SmscText {
        wait_for("a text", || self.seen().texts.get(n - 1).cloned())
    }

    /// Ends the bound session, and waits until the other side has seen it.
    pub(crate) fn end_session(&self) {
        let (ended, session) = (self.ended(), self.seen().session.take().expect("a session"));
        session.shutdown(Shutdown::Write).expect("an open connection");
        wait_for("the end of the session", || (self.ended() > ended).then_some(()));
    }

    /// Sends a request over the bound session. Returns command and status of its response.
    fn ask(&self, request: u32, body: &[u8]) -> (u32, u32) {
        let mut session = wait_for("a session", || {
            self.seen().session.as_ref().and_then(|session| session.try_clone().ok())
        });
        let number = u32::try_from(self.seen().responses.len()).expect("few") + 1000;
        session.write_all(&command(request, 0, number, body)).expect("written");
        let answered = |seen: &Seen| {
            let found = seen.responses.iter().find(|(_, _, sequence)| *sequence == number);
            found.map(|(id, status, _)| (*id, *status))
        };
        wait_for("a response", || answered(&self.seen()))
    }

    /// Sends a message. Returns the status of its response.
    pub(crate) fn deliver(&self, esm_class: u8, text: &str, parameters: &[(u16, &[u8])]) -> u32 {
        let body = wire::deliver_sm(esm_class, text, parameters);
        let (response, status) = self.ask(DELIVER_SM, &body);
        assert_eq!(response, DELIVER_SM | RESPONSE);
        status
    }

    /// The receipt of a text, in the words of appendix B.
    pub(crate) fn receipt(&self, id: &str, state: &str, error: &str) -> u32 {
        let text = format!(
            "id:{id} sub:001 dlvrd:001 submit date:2611301200 done date:2611301201 stat:{state} err:{error} text:1"
        );
        self.deliver(0x04, &text, &[])
    }

    pub(crate) fn enquire(&self) {
        assert_eq!(self.ask(ENQUIRE_LINK, &[]), (ENQUIRE_LINK | RESPONSE, 0));
    }

    pub(crate) fn unbind(&self) {
        assert_eq!(self.ask(UNBIND, &[]), (UNBIND | RESPONSE, 0));
    }
}

impl Drop for FakeSmsc {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
        if let Some(session) = self.seen().session.take() {
            drop(session.shutdown(Shutdown::Both));
        }
        if !std::thread::panicking() {
            assert_eq!(self.seen().wrong, [""; 0], "against SMPP 3.4");
        }
    }
}

/// One connection.
struct Wired<'a> {
    stream: &'a TcpStream,
    seen: &'a Mutex<Seen>,
    bound: bool,
}

fn serve(stream: &TcpStream, seen: &Mutex<Seen>) {
    let mut wired = Wired { stream, seen, bound: false };
    let mut last = 0;
    while let Some(request) = read_command(stream) {
        let mut wrong = Vec::new();
        if request.id < RESPONSE {
            if request.status != 0 {
                wrong.push(format!("command_status of a request: {request:?}"));
            }
            // The crate counts its own requests apart, so that only their kind is in order.
            if !(1..=0x7fff_ffff).contains(&request.sequence) || request.sequence == last {
                wrong.push(format!("sequence_number: {request:?}"));
            }
            last = request.sequence;
        }
        lock(seen).wrong.extend(wrong);
        if !wired.answer(&request) {
            break;
        }
    }
    drop(stream.shutdown(Shutdown::Both));
}

impl Wired<'_> {
    fn write(&self, id: u32, status: u32, sequence: u32, body: &[u8]) -> bool {
        let mut stream = self.stream;
        stream.write_all(&command(id, status, sequence, body)).is_ok()
    }

    /// `false`: the connection ends.
    fn answer(&mut self, request: &Command) -> bool {
        let respond = |wired: &Self| wired.write(request.id | RESPONSE, 0, request.sequence, &[]);
        match request.id {
            BIND_TRANSMITTER | BIND_TRANSCEIVER => self.bind(request),
            SUBMIT_SM => self.submit(request),
            ENQUIRE_LINK => {
                lock(self.seen).enquiries += 1;
                let deaf = lock(self.seen).deaf;
                deaf || respond(self)
            }
            UNBIND => {
                lock(self.seen).unbinds += 1;
                respond(self)
            }
            id if id >= RESPONSE => {
                let response = (id, request.status, request.sequence);
                lock(self.seen).responses.push(response);
                true
            }
            _ => {
                lock(self.seen).wrong.push(format!("a command that 3.4 has not: {request:?}"));
                self.write(GENERIC_NACK, 0x03, request.sequence, &[])
            }
        }
    }

    fn bind(&mut self, request: &Command) -> bool {
        let refuse = |wired: &Self, status| {
            wired.write(request.id | RESPONSE, status, request.sequence, &[])
        };
        let known = match wire::bind(&request.body) {
            Ok(who) => who == (SYSTEM_ID.to_owned(), PASSWORD.to_owned()),
            Err(why) => {
                lock(self.seen).wrong.push(why);
                return refuse(self, 0x02);
            }
        };
        let play = lock(self.seen).bind_script.pop_front();
        match play {
            Some(Play::Refuse(status)) => refuse(self, status),
            Some(Play::Nack(status)) => self.write(GENERIC_NACK, status, request.sequence, &[]),
            Some(Play::Garbage(octets)) => {
                let mut stream = self.stream;
                stream.write_all(octets).is_ok()
            }
            Some(Play::Hang) => true,
            Some(Play::Drop) => false,
            None | Some(Play::Bare | Play::Id(_)) if !known => refuse(self, 0x0e),
            None | Some(Play::Bare | Play::Id(_)) => {
                self.bound = true;
                let mut seen = lock(self.seen);
                seen.binds.push(request.id);
                seen.session = self.stream.try_clone().ok();
                drop(seen);
                // With sc_interface_version.
                let body = b"SMSC\0\x02\x10\0\x01\x34";
                self.write(request.id | RESPONSE, 0, request.sequence, body)
            }
        }
    }

    fn submit(&self, request: &Command) -> bool {
        let id = SUBMIT_SM | RESPONSE;
        lock(self.seen).submits += 1;
        if !self.bound {
            return self.write(id, 0x04, request.sequence, &[]);
        }
        let text = match wire::submit_sm(&request.body) {
            Ok(text) => text,
            Err(why) => {
                lock(self.seen).wrong.push(why);
                return self.write(id, 0x01, request.sequence, &[]);
            }
        };
        let play = lock(self.seen).script.pop_front();
        let take = |message: &str| {
            let mut seen = lock(self.seen);
            let message = match message {
                "" => format!("smsc-{}", seen.texts.len() + 1),
                given => given.to_owned(),
            };
            seen.texts.push(SmscText { id: message.clone(), ..text.clone() });
            message
        };
        match play {
            Some(Play::Refuse(status)) => self.write(id, status, request.sequence, &[]),
            Some(Play::Nack(status)) => self.write(GENERIC_NACK, status, request.sequence, &[]),
            Some(Play::Garbage(octets)) => {
                take("");
                let mut stream = self.stream;
                stream.write_all(octets).is_ok()
            }
            Some(Play::Hang) => !take("").is_empty(),
            Some(Play::Drop) => take("").is_empty(),
            Some(Play::Bare) => {
                take("");
                self.write(id, 0, request.sequence, &[])
            }
            Some(Play::Id(given)) => {
                take(given);
                self.write(id, 0, request.sequence, format!("{given}\0").as_bytes())
            }
            None => {
                let message = take("");
                self.write(id, 0, request.sequence, format!("{message}\0").as_bytes())
            }
        }
    }
}
