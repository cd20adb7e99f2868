use doorcode::domain::{PhoneNumber, TextChannel};
use doorcode::pages::views::{CodeChannels, CodePage, News, TextArrival};

use super::{Gallery, code};

impl Gallery<'_> {
    /// What is known of a message, by each way that it took.
    pub(super) fn news(&mut self, flow: &str) {
        let phone = PhoneNumber::parse("+447400123456", None).unwrap();
        let page = || code(flow, &phone);
        for (n, say) in TextArrival::ALL.into_iter().enumerate() {
            let news = Some(News { say, more: false, texts_from: None });
            let taken = match say {
                TextArrival::LateByWhatsApp
                | TextArrival::ArrivedByWhatsApp
                | TextArrival::FailedByWhatsApp => TextChannel::WhatsApp,
                TextArrival::NotAnswered => TextChannel::Voice,
                _ => TextChannel::Sms,
            };
            let name = match taken {
                TextChannel::Sms => format!("code-news-{n}"),
                _ => format!("way-{}-news-{n}", taken.as_str()),
            };
            let next = (taken != TextChannel::Sms).then_some(TextChannel::Sms);
            let channels = CodeChannels { taken, next };
            self.add(&name, &CodePage { news, channels, ..page() });
            let from = phone.international();
            // Without its script, which would ask a server.
            let news = Some(News { say, more: false, texts_from: Some(&from) });
            self.add(&(name + "-from"), &CodePage { news, channels, ..page() });
        }
    }
}
