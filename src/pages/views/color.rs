use std::fmt;

/// An opaque sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color([u8; 3]);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a colour such as #2a4fd6")]
pub struct InvalidColor;

impl Color {
    pub const BLACK: Self = Self([0; 3]);
    pub const WHITE: Self = Self([255; 3]);

    /// Parses `#rrggbb` or `#rgb`.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidColor> {
        let digits = text.strip_prefix('#').ok_or(InvalidColor)?;
        let digit = |c: char| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let digits = digits.chars().map(digit).collect::<Option<Vec<u8>>>().ok_or(InvalidColor)?;
        let pairs: Vec<u8> = match digits.len() {
            3 => digits.iter().map(|digit| digit * 17).collect(),
            6 => digits.chunks_exact(2).map(|pair| pair[0] * 16 + pair[1]).collect(),
            _ => return Err(InvalidColor),
        };
        pairs.try_into().map(Self).map_err(|_| InvalidColor)
    }

    /// Relative luminance (WCAG 2.2), 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |byte: u8| {
            let value = f64::from(byte) / 255.0;
            if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let [r, g, b] = self.0.map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// Contrast ratio (WCAG 2.2), 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// Mixes in `hundredths` parts of a hundred of `other`.
    pub(super) fn towards(self, other: Self, hundredths: u8) -> Self {
        let part = u16::from(hundredths.min(100));
        let mut mixed = self.0;
        for (byte, to) in mixed.iter_mut().zip(other.0) {
            let sum = u16::from(*byte) * (100 - part) + u16::from(to) * part;
            *byte = u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX);
        }
        Self(mixed)
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}
