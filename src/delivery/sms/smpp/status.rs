use crate::delivery::Failure;
use crate::delivery::sms::http_api::{self, Codes, Refused};

/// `command_status` of a response (SMPP 3.4 §5.1.3). An error says that the text was not accepted.
const STATUSES: Codes = &[
    // RINVDSTADR.
    (Failure::BadNumber, &[0x0b]),
    // RINVMSGLEN.
    (Failure::TextRefused, &[0x01]),
    // RMSGQFUL, RTHROTTLED. RALYBND: the session before this one is not over.
    (Failure::Overloaded, &[0x05, 0x14, 0x58]),
    // RINVBNDSTS: it forgot the session. RSYSERR, RSUBMITFAIL, RX_T_APPN.
    (Failure::Broken, &[INVALID_BIND_STATE, 0x08, 0x45, 0x64]),
    // RBINDFAIL, RINVPASWD, RINVSYSID, RINVSYSTYP; RINVSRCADR, RINVSRCTON, RINVSRCNPI; what it does not take of how
    // every text is submitted: RINVCMDLEN, RINVCMDID, RINVPRTFLG, RINVREGDLVFLG, RINVSERTYP, RINVESMCLASS, RINVDSTTON, RINVDSTNPI,
    // RINVREPFLAG, RINVSCHED, RINVEXPIRY, RINVDFTMSGID, RINVOPTPARSTREAM, ROPTPARNOTALLWD, RINVPARLEN, RMISSINGOPTPARAM,
    // RINVOPTPARAMVAL.
    (
        Failure::Misconfigured,
        &[
            0x0d, 0x0e, 0x0f, 0x53, 0x0a, 0x48, 0x49, 0x02, 0x03, 0x06, 0x07, 0x15, 0x43, 0x50,
            0x51, 0x54, 0x61, 0x62, 0x63, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4,
        ],
    ),
];

/// `ESME_RINVBNDSTS`.
pub(super) const INVALID_BIND_STATE: u32 = 0x04;

/// What a status means. Those that the vendor reserves for itself (0x400 to 0x4ff) or that are not listed may
/// stand for fraud, for a country or for a person who wants no texts, for which nobody else may be asked. A
/// response that is neither an error nor the expected one leaves it unclear.
pub(super) fn refused(status: u32) -> Refused {
    if status == 0 {
        return Refused::from(Failure::Unclear);
    }
    let failure = http_api::meaning(STATUSES, status).unwrap_or(Failure::Declined);
    Refused { failure, code: Some(status) }
}
