/// The encoding of a text message: GSM-7 if every character is in its alphabet, else UCS-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Gsm7,
    Ucs2,
}

/// The size of a text message. Each segment is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    pub encoding: Encoding,
    /// Septets or UTF-16 units.
    pub units: usize,
    pub count: usize,
}

/// The default alphabet of 3GPP TS 23.038 §6.2.1.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Its extension table: each costs two septets.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

impl Segments {
    pub fn of(text: &str) -> Self {
        if let Some(units) = text.chars().map(septets).sum::<Option<usize>>() {
            return Self { encoding: Encoding::Gsm7, units, count: split(units, 160, 153) };
        }
        let units = text.encode_utf16().count();
        Self { encoding: Encoding::Ucs2, units, count: split(units, 70, 67) }
    }
}

/// Whether the GSM alphabet has the character.
pub(super) fn is_gsm(c: char) -> bool {
    septets(c).is_some()
}

fn septets(c: char) -> Option<usize> {
    match (BASIC.contains(c), EXTENDED.contains(c)) {
        (true, _) => Some(1),
        (_, true) => Some(2),
        _ => None,
    }
}

/// The number of segments: several ones hold less each, because of the concatenation header.
const fn split(units: usize, alone: usize, joined: usize) -> usize {
    if units <= alone { 1 } else { units.div_ceil(joined) }
}
