//! Commands of SMPP 3.4 as octets, read by its rules.
use std::io::Read as _;
use std::net::TcpStream;

/// Header and body (§3.2).
#[derive(Debug)]
pub(super) struct Command {
    pub(super) id: u32,
    pub(super) status: u32,
    pub(super) sequence: u32,
    pub(super) body: Vec<u8>,
}

/// What a `submit_sm` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TextFields {
    /// Given by the SMSC.
    pub(crate) id: String,
    /// Type of number, numbering plan, address.
    pub(crate) from: (u8, u8, String),
    /// In E.164.
    pub(crate) to: String,
    pub(crate) body: String,
    /// Seconds.
    pub(crate) validity: u64,
    pub(crate) wants_receipt: bool,
    /// Whether the text is in `message_payload`.
    pub(crate) is_long: bool,
}

/// The alphabet of GSM 03.38, by code.
const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION: &[(u8, char)] = &[
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

pub(super) fn command(id: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + body.len()).expect("short");
    let head = [length, id, status, sequence].map(u32::to_be_bytes).concat();
    [&head, body].concat()
}

/// The next one; `None`: there is none.
pub(super) fn read_command(mut stream: &TcpStream) -> Option<Command> {
    let mut head = [0; 16];
    stream.read_exact(&mut head).ok()?;
    let number = |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().expect("four octets"));
    let length = usize::try_from(number(0)).ok()?.checked_sub(16).filter(|rest| *rest < 70_000)?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Command { id: number(4), status: number(8), sequence: number(12), body })
}

/// What is left of a body.
struct Body<'a>(&'a [u8]);

impl Body<'_> {
    fn octet(&mut self) -> Result<u8, String> {
        let (first, rest) = self.0.split_first().ok_or("a body that is too short")?;
        self.0 = rest;
        Ok(*first)
    }

    fn octets(&mut self, count: usize) -> Result<Vec<u8>, String> {
        let (some, rest) = self.0.split_at_checked(count).ok_or("a body that is too short")?;
        self.0 = rest;
        Ok(some.to_vec())
    }

    /// A C-octet string of so many octets at most, with the one that ends it.
    fn text(&mut self, name: &str, longest: usize) -> Result<String, String> {
        let end = self.0.iter().position(|octet| *octet == 0).ok_or(format!("{name}: no end"))?;
        let text = String::from_utf8(self.octets(end)?).map_err(|why| format!("{name}: {why}"))?;
        self.octet()?;
        let good = end < longest && text.is_ascii();
        good.then_some(text).ok_or(format!("{name}: {end} octets"))
    }

    /// An octet that is one of these.
    fn one_of(&mut self, name: &str, good: &[u8]) -> Result<u8, String> {
        let octet = self.octet()?;
        good.contains(&octet).then_some(octet).ok_or(format!("{name}: {octet:#04x}"))
    }
}

/// `system_id` and `password` (§4.1).
pub(super) fn bind(body: &[u8]) -> Result<(String, String), String> {
    let mut body = Body(body);
    let who = (body.text("system_id", 16)?, body.text("password", 9)?);
    body.text("system_type", 13)?;
    body.one_of("interface_version", &[0x34])?;
    body.one_of("addr_ton", &[0])?;
    body.one_of("addr_npi", &[0])?;
    body.text("address_range", 41)?;
    if body.0.is_empty() { Ok(who) } else { Err("more than a bind".to_owned()) }
}

/// §4.4.1.
pub(super) fn submit_sm(body: &[u8]) -> Result<TextFields, String> {
    let mut body = Body(body);
    body.text("service_type", 6)?;
    let ton = body.one_of("source_addr_ton", &[1, 3, 5])?;
    let npi = body.one_of("source_addr_npi", &[0, 1])?;
    let from = (ton, npi, body.text("source_addr", 21)?);
    body.one_of("dest_addr_ton", &[1])?;
    body.one_of("dest_addr_npi", &[1])?;
    let to = body.text("destination_addr", 21)?;
    if !to.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("destination_addr: {to}"));
    }
    for name in ["esm_class", "protocol_id", "priority_flag"] {
        body.one_of(name, &[0])?;
    }
    if !body.text("schedule_delivery_time", 17)?.is_empty() {
        return Err("schedule_delivery_time".to_owned());
    }
    let validity = relative(&body.text("validity_period", 17)?)?;
    let wants_receipt = body.one_of("registered_delivery", &[0, 1])? == 1;
    body.one_of("replace_if_present_flag", &[0])?;
    let coding = body.one_of("data_coding", &[0, 8])?;
    body.one_of("sm_default_msg_id", &[0])?;
    let length = usize::from(body.octet()?);
    let mut text = body.octets(length)?;
    let mut is_long = false;
    while !body.0.is_empty() {
        let tag = u16::from_be_bytes([body.octet()?, body.octet()?]);
        let length = u16::from_be_bytes([body.octet()?, body.octet()?]);
        let value = body.octets(usize::from(length))?;
        // message_payload, which takes the place of short_message (§5.3.2.32).
        if tag != 0x0424 || !text.is_empty() {
            return Err(format!("parameter {tag:#06x}"));
        }
        (text, is_long) = (value, true);
    }
    let most = if coding == 8 { 140 } else { 160 };
    if length > most {
        return Err(format!("sm_length: {length}"));
    }
    let body = if coding == 8 { ucs2(&text)? } else { gsm(&text)? };
    let (id, to) = (String::new(), format!("+{to}"));
    Ok(TextFields { id, from, to, body, validity, wants_receipt, is_long })
}

/// §7.1.1.2, in seconds.
fn relative(period: &str) -> Result<u64, String> {
    let wrong = || format!("validity_period: {period}");
    let digits = period.strip_suffix("000R").filter(|rest| rest.len() == 12).ok_or_else(wrong)?;
    let part = |at: usize| digits[at..at + 2].parse::<u64>().map_err(|_| wrong());
    let (days, hours, minutes, seconds) = (part(4)?, part(6)?, part(8)?, part(10)?);
    let good = part(0)? == 0 && part(2)? == 0 && hours < 24 && minutes < 60 && seconds < 60;
    good.then_some(((days * 24 + hours) * 60 + minutes) * 60 + seconds).ok_or_else(wrong)
}

fn gsm(octets: &[u8]) -> Result<String, String> {
    let mut octets = octets.iter().copied();
    let mut text = String::new();
    while let Some(octet) = octets.next() {
        let found = if octet == 0x1b {
            let code = octets.next();
            EXTENSION.iter().find(|(known, _)| Some(*known) == code).map(|(_, c)| *c)
        } else {
            GSM.chars().nth(usize::from(octet))
        };
        text.push(found.ok_or(format!("no character of GSM 03.38: {octet:#04x}"))?);
    }
    Ok(text)
}

fn ucs2(octets: &[u8]) -> Result<String, String> {
    let units = octets.chunks(2).map(|pair| pair.try_into().map(u16::from_be_bytes));
    let units: Vec<u16> = units.collect::<Result<_, _>>().map_err(|_| "half a unit of UCS-2")?;
    String::from_utf16(&units).map_err(|why| why.to_string())
}

/// §4.6.1, from nobody in particular.
pub(super) fn deliver_sm(esm_class: u8, text: &str, parameters: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = b"\0\x01\x01".to_vec();
    body.extend(b"12025550123\0\x01\x0112025550199\0");
    body.extend([esm_class, 0, 0, 0, 0, 0, 0, 0, 0]);
    body.push(u8::try_from(text.len()).expect("a short text"));
    body.extend(text.as_bytes());
    for (tag, value) in parameters {
        body.extend(tag.to_be_bytes());
        body.extend(u16::try_from(value.len()).expect("short").to_be_bytes());
        body.extend(*value);
    }
    body
}
