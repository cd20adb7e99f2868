/// The way that a code takes to a phone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TextChannel {
    #[default]
    Sms,
    WhatsApp,
    /// A call in which the code is read out.
    Voice,
}

impl TextChannel {
    pub const ALL: [Self; 3] = [Self::Sms, Self::WhatsApp, Self::Voice];

    /// The name in `sms.channels`, in forms, and where it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::WhatsApp => "whatsapp",
            Self::Voice => "voice",
        }
    }

    /// The channel of this name; `None`: there is none.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == name)
    }
}
