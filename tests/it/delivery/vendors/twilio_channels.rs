use doorcode::delivery::Failure;
use doorcode::delivery::sms::ProviderSettings;
use doorcode::delivery::sms::twilio::TwilioCredentials;
use doorcode::delivery::sms::twilio_voice::TwilioVoiceSettings;
use doorcode::delivery::sms::twilio_whatsapp::TwilioWhatsAppSettings;
use doorcode::domain::Secret;

use super::{Contract, Refusal};
use crate::support::provider::Vendor;
use crate::support::twilio::channels::{CONTENT_SID, FROM, VoiceVendor, WhatsAppVendor};
use crate::support::twilio::{ACCOUNT_SID, API_KEY, API_KEY_SECRET, AUTH_TOKEN};

pub(super) struct TwilioVoice;
pub(super) struct TwilioWhatsApp;

fn refusals(vendor: &dyn Vendor, rows: &[(u32, Failure)]) -> Vec<Refusal> {
    let refusal = |(code, failure): &(u32, Failure)| Refusal {
        reply: vendor.refused(*code),
        failure: *failure,
        code: Some(*code),
    };
    rows.iter().map(refusal).collect()
}

impl Contract for TwilioVoice {
    fn name(&self) -> &'static str {
        "twilio_voice"
    }

    fn vendor(&self) -> Box<dyn Vendor> {
        Box::new(VoiceVendor)
    }

    fn settings(&self, base_url: &str, secret: &str) -> ProviderSettings {
        ProviderSettings::TwilioVoice(TwilioVoiceSettings {
            account_sid: ACCOUNT_SID.to_owned(),
            credentials: TwilioCredentials::AuthToken(Secret::new(secret)),
            signing_token: None,
            from: FROM.to_owned(),
            base_url: base_url.parse().expect("a URL"),
        })
    }

    fn secret(&self) -> &'static str {
        AUTH_TOKEN
    }

    fn refusals(&self) -> Vec<Refusal> {
        use Failure::{
            BadNumber, Blocked, Broken, CountryNotServed, Misconfigured, NotMobile, Overloaded,
        };
        let rows = [
            (20003, Misconfigured),
            (20429, Overloaded),
            (20500, Broken),
            (10004, Overloaded),
            (10005, Misconfigured),
            (21201, Misconfigured),
            (21205, Misconfigured),
            (21208, Misconfigured),
            (21210, Misconfigured),
            (21211, BadNumber),
            (21214, NotMobile),
            (21215, CountryNotServed),
            (21216, Blocked),
            (21217, BadNumber),
            (21219, Misconfigured),
        ];
        refusals(&VoiceVendor, &rows)
    }

    fn success(&self) -> u16 {
        201
    }

    fn longest(&self) -> usize {
        1600
    }

    fn sends_code_alone(&self) -> bool {
        true
    }
}

impl Contract for TwilioWhatsApp {
    fn name(&self) -> &'static str {
        "twilio_whatsapp"
    }

    fn vendor(&self) -> Box<dyn Vendor> {
        Box::new(WhatsAppVendor)
    }

    fn settings(&self, base_url: &str, secret: &str) -> ProviderSettings {
        ProviderSettings::TwilioWhatsApp(TwilioWhatsAppSettings {
            account_sid: ACCOUNT_SID.to_owned(),
            credentials: TwilioCredentials::ApiKey {
                sid: API_KEY.to_owned(),
                secret: Secret::new(secret),
            },
            signing_token: None,
            from: FROM.to_owned(),
            content_sid: CONTENT_SID.to_owned(),
            base_url: base_url.parse().expect("a URL"),
        })
    }

    fn secret(&self) -> &'static str {
        API_KEY_SECRET
    }

    fn refusals(&self) -> Vec<Refusal> {
        use Failure::{
            BadNumber, Broken, Misconfigured, NotReached, OptedOut, Overloaded, Unexpected,
        };
        let rows = [
            (20003, Misconfigured),
            (20429, Overloaded),
            (21211, BadNumber),
            (21655, Misconfigured),
            (21656, Misconfigured),
            (63003, BadNumber),
            (63009, Broken),
            (63010, Broken),
            (63012, Broken),
            (63014, OptedOut),
            (63018, Overloaded),
            (63023, Unexpected),
            (63024, BadNumber),
            (63029, NotReached),
            (63032, NotReached),
            (63033, OptedOut),
            (63038, Misconfigured),
            (63049, NotReached),
        ];
        // Of the sender, the channel and the template.
        let set_up = [
            63001, 63002, 63005, 63006, 63007, 63008, 63011, 63013, 63015, 63016, 63019, 63020,
            63021, 63022, 63027, 63028, 63030, 63031, 63034, 63040, 63041, 63042, 63051, 63112,
        ];
        let set_up = set_up.map(|code| (code, Misconfigured));
        refusals(&WhatsAppVendor, &[&rows[..], &set_up[..]].concat())
    }

    fn success(&self) -> u16 {
        201
    }

    fn longest(&self) -> usize {
        1600
    }

    fn sends_code_alone(&self) -> bool {
        true
    }
}
