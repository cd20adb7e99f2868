use crate::domain::TextChannel;
use crate::words::{Context, Safe};

/// How the code is on its way, and how else it could be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CodeChannels {
    /// The way that the latest message takes.
    pub taken: TextChannel,
    /// The way that is offered beside it.
    pub next: Option<TextChannel>,
}

impl CodeChannels {
    /// The variables of the hint about texts, and of the button for the other way.
    pub(super) fn fill(self, context: Context) -> Context {
        context
            .flag("texted", self.taken == TextChannel::Sms)
            .maybe("channel", self.next.map(|next| Safe::from_static(next.as_str())))
            .maybe("channel_button", self.next.map(|next| Safe::from_static(button(next))))
    }

    /// The sentence for a message that is not known to have failed. Of those only users get,
    /// `conditional`. `None`: that of a text.
    pub(super) const fn lede(self, conditional: bool) -> Option<&'static str> {
        match (self.taken, conditional) {
            (TextChannel::Sms, _) => None,
            (TextChannel::Voice, false) => Some("code_voice"),
            (TextChannel::Voice, true) => Some("code_voice_conditional"),
            (TextChannel::WhatsApp, false) => Some("code_whatsapp"),
            (TextChannel::WhatsApp, true) => Some("code_whatsapp_conditional"),
        }
    }

    /// The sentence for a message that was not sent. `None`: that of a text.
    pub(super) const fn trouble(self) -> Option<&'static str> {
        match self.taken {
            TextChannel::Sms => None,
            TextChannel::WhatsApp | TextChannel::Voice => Some("channel_failed"),
        }
    }
}

const fn button(next: TextChannel) -> &'static str {
    match next {
        TextChannel::Sms => "channel_sms",
        TextChannel::WhatsApp => "channel_whatsapp",
        TextChannel::Voice => "channel_voice",
    }
}
