use std::time::Duration;

use rusmpp::extra::encoding::Encoder as _;
use rusmpp::extra::encoding::gsm7bit::Gsm7BitUnpacked;
use rusmpp::pdus::SubmitSm;
use rusmpp::tlvs::MessageSubmissionRequestTlvValue;
use rusmpp::types::{AnyOctetString, COctetString, EmptyOrFullCOctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass, MessagePayload, Npi, RegisteredDelivery, Ton};

use crate::delivery::Failure;
use crate::delivery::sms::Message;

/// Octets of a text of one segment: 160 characters of the GSM alphabet, one in each octet.
const GSM_SEGMENT: usize = 160;
/// The same of UCS-2: 70 units.
const UCS2_SEGMENT: usize = 140;

/// `registered_delivery`: a receipt of success or failure (SMPP 3.4 §5.2.17).
const RECEIPT: u8 = 1;

/// The `submit_sm` of a text (SMPP 3.4 §4.4.1).
///
/// A text of several segments is one request, too, whose text is in `message_payload`: of a text in parts, some could
/// be accepted and others not.
///
/// # Errors
///
/// When number, sender or text have no place in it.
pub(super) fn submit_sm(
    message: &Message<'_>,
    from: &str,
    wants_receipt: bool,
) -> Result<SubmitSm, Failure> {
    let (source_ton, source_npi) = kind_of(from);
    let (octets, coding) = encoded(message.text);
    let longest = if coding == DataCoding::Ucs2 { UCS2_SEGMENT } else { GSM_SEGMENT };
    let submit = SubmitSm::builder()
        .source_addr_ton(source_ton)
        .source_addr_npi(source_npi)
        .source_addr(address(from)?)
        .dest_addr_ton(Ton::International)
        .dest_addr_npi(Npi::Isdn)
        .destination_addr(address(message.to.e164())?)
        // The default of the crate is an acknowledgement.
        .esm_class(EsmClass::from(0))
        .validity_period(validity(message.valid_for)?)
        .registered_delivery(RegisteredDelivery::from(if wants_receipt { RECEIPT } else { 0 }))
        .data_coding(coding);
    if octets.len() > longest {
        let payload = MessagePayload::new(AnyOctetString::from_vec(octets));
        return Ok(submit
            .push_tlv(MessageSubmissionRequestTlvValue::MessagePayload(payload))
            .build());
    }
    let text = OctetString::from_vec(octets).map_err(|_| Failure::TextRefused)?;
    Ok(submit.short_message(text).build())
}

/// An address, which has no plus of E.164.
fn address(text: &str) -> Result<COctetString<1, 21>, Failure> {
    let text = text.strip_prefix('+').unwrap_or(text).to_owned();
    COctetString::from_string(text).map_err(|_| Failure::Misconfigured)
}

/// Type of number and numbering plan of a sender (SMPP 3.4 §5.2.5, §5.2.6).
fn kind_of(from: &str) -> (Ton, Npi) {
    if from.starts_with('+') {
        (Ton::International, Npi::Isdn)
    } else if from.bytes().all(|b| b.is_ascii_digit()) {
        (Ton::NetworkSpecific, Npi::Unknown)
    } else {
        (Ton::Alphanumeric, Npi::Unknown)
    }
}

/// In the SMSC's default alphabet, which is taken for that of GSM 03.38, one character in each octet; else in UCS-2.
fn encoded(text: &str) -> (Vec<u8>, DataCoding) {
    Gsm7BitUnpacked::new().encode(text).unwrap_or_else(|_| {
        (text.encode_utf16().flat_map(u16::to_be_bytes).collect(), DataCoding::Ucs2)
    })
}

/// In relative form (SMPP 3.4 §7.1.1.2): years, months, days, hours, minutes, seconds.
fn validity(valid_for: Duration) -> Result<EmptyOrFullCOctetString<17>, Failure> {
    const LONGEST: u64 = 30 * 24 * 3600;
    let seconds = valid_for.as_secs().clamp(1, LONGEST - 1);
    let (minutes, hours) = (seconds / 60, seconds / 3600);
    let period =
        format!("0000{:02}{:02}{:02}{:02}000R", hours / 24, hours % 24, minutes % 60, seconds % 60);
    EmptyOrFullCOctetString::from_string(period).map_err(|_| Failure::Misconfigured)
}
