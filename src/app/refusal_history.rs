//! What the history of login attempts says of those who were sent nothing, or whose code was not judged.
use crate::domain::{AttemptId, PhoneNumber};
use crate::events::{AskedStart, Event};
use crate::login::{LIMITS, TEXT_SPACING};

/// Something that was refused. Strangers can repeat it without end.
pub(super) struct Refusal<'e> {
    pub(super) attempt: AttemptId,
    /// The network that it came from, or else the attempt.
    pub(super) source: String,
    /// As in [`crate::store::HistoryEntry`].
    pub(super) text: String,
    /// Where the story begins with it.
    pub(super) phone: Option<&'e PhoneNumber>,
}

/// What is kept of an event, if it is a refusal.
pub(super) fn refusal<'e>(event: &Event<'e>) -> Option<Refusal<'e>> {
    match event {
        Event::Limited {
            attempt: Some(attempt),
            start: Some(start),
            limit,
            seconds,
            network,
            ..
        } => {
            let why = format!("refused by {}, for {seconds} s", named(limit));
            Some(of_start((*attempt, start), network, &why))
        }
        // The page asks for it at once, and shows no reference.
        Event::ChallengeAsked { attempt, start, why, fault, network, .. } if start.by_program => {
            let fault = fault
                .map_or(String::new(), |why| format!("; that which came was not accepted ({why})"));
            let why = format!("a proof is asked for first ({why}){fault}");
            Some(of_start((*attempt, start), network, &why))
        }
        Event::StartFailed { attempt, start, reason } => {
            Some(of_start((*attempt, start), "", &format!("a store failed: {reason}")))
        }
        Event::Limited { attempt: Some(attempt), limit, seconds, .. } => {
            Some(of_attempt(*attempt, format!("refused by {}, for {seconds} s", named(limit))))
        }
        Event::CodeNotChecked { attempt, reason, .. } => {
            Some(of_attempt(*attempt, format!("a code could not be checked: {reason}")))
        }
        Event::DeadCode { attempt: Some(attempt), why } => {
            Some(of_attempt(*attempt, format!("a code was entered too late: {why}")))
        }
        _ => None,
    }
}

fn of_attempt<'e>(attempt: AttemptId, text: String) -> Refusal<'e> {
    Refusal { attempt, source: attempt.to_string(), text, phone: None }
}

/// A story that is one sentence.
fn of_start<'e>(
    (attempt, start): (AttemptId, &AskedStart<'e>),
    network: &str,
    why: &str,
) -> Refusal<'e> {
    let by = match start.application {
        Some(name) if start.by_program => format!("`{name}` through the API"),
        Some(name) => format!("`{name}`"),
        None => "the login page".to_owned(),
    };
    let from = if network.is_empty() { String::new() } else { format!(", from {network}") };
    let phone = start.phone.masked();
    let text = format!("a code was asked for by {by}, for {phone}{from}; nothing was sent: {why}");
    let source = if network.is_empty() { attempt.to_string() } else { network.to_owned() };
    Refusal { attempt, source, text, phone: Some(start.phone) }
}

/// A limit by its key in the configuration; pauses have none.
fn named(limit: &str) -> String {
    let is_key = LIMITS.iter().chain([&TEXT_SPACING]).any(|row| row.key == limit);
    if is_key { format!("limits.{limit}") } else { format!("the {}", limit.replace('_', " ")) }
}
