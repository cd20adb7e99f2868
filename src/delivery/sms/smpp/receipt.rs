use rusmpp::pdus::DeliverSm;
use rusmpp::tlvs::TlvValue;
use rusmpp::values::{MessageState, MessageType};

use crate::delivery::Failure;
use crate::delivery::receipt::DeliveryReceipt;
use crate::domain::TextStatus;

/// What a message is. Others than receipts, such as a person's answer, are acknowledged and dropped.
#[derive(Debug)]
pub(super) enum Delivered {
    Receipt(DeliveryReceipt),
    Other,
}

/// States of a message, by the words of receipts and by `message_state` (SMPP 3.4 §5.2.28 and appendix B), and what
/// they mean.
const STATES: &[(&str, MessageState, TextStatus, Option<Failure>)] = {
    use TextStatus::{Delivered, Sent, Undelivered};
    &[
        ("ENROUTE", MessageState::Enroute, Sent, None),
        ("ACCEPTD", MessageState::Accepted, Sent, None),
        ("DELIVRD", MessageState::Delivered, Delivered, None),
        ("EXPIRED", MessageState::Expired, Undelivered, Some(Failure::NotReached)),
        ("DELETED", MessageState::Deleted, Undelivered, Some(Failure::Unexpected)),
        ("UNDELIV", MessageState::Undeliverable, Undelivered, Some(Failure::Unexpected)),
        ("REJECTD", MessageState::Rejected, Undelivered, Some(Failure::Blocked)),
    ]
};

/// The receipt in a `deliver_sm`, by its parameters (SMPP 3.4 §5.3.2.12, §5.3.2.35), and where they lack by its text.
pub(super) fn read(message: &DeliverSm) -> Delivered {
    receipt(message).map_or(Delivered::Other, Delivered::Receipt)
}

fn receipt(message: &DeliverSm) -> Option<DeliveryReceipt> {
    if message.esm_class.message_type != MessageType::ShortMessageContainsMCDeliveryReceipt {
        return None;
    }
    let (mut id, mut told) = (None, None);
    let mut text = message.short_message().as_ref();
    for value in message.tlvs().iter().filter_map(|tlv| tlv.value()) {
        match value {
            TlvValue::ReceiptedMessageId(value) => id = Some(value.as_str()),
            TlvValue::MessageState(value) => told = Some(*value),
            TlvValue::MessagePayload(value) => text = value.value.as_ref(),
            _ => {}
        }
    }
    let text = String::from_utf8_lossy(text);
    let stat = field(&text, "stat");
    let by_word = |word: &str| STATES.iter().find(|(known, ..)| *known == word);
    let by_value = |value: MessageState| STATES.iter().find(|(_, known, ..)| *known == value);
    let (.., status, failure) = told.and_then(by_value).or_else(|| stat.and_then(by_word))?;
    let code = field(&text, "err").and_then(|err| err.parse().ok()).filter(|code| *code > 0);
    let receipt = DeliveryReceipt::new(id.or_else(|| field(&text, "id"))?, *status).ok()?;
    let code = code.filter(|_| failure.is_some());
    Some(DeliveryReceipt { failure: *failure, code, ..receipt })
}

/// A field of the text `id:… sub:… dlvrd:… submit date:… done date:… stat:… err:… text:…`. What stands behind
/// `text:` is the person's.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let mut words =
        text.split(' ').take_while(|word| !word.to_ascii_lowercase().starts_with("text:"));
    words.find_map(|word| word.strip_prefix(name)?.strip_prefix(':'))
}
