//! A gate whose codes also come by calls and WhatsApp.
use super::browser::{between, flow_of};
use super::gate::Gate;
use super::http::Answer;
use super::provider::FakeProvider;
use super::twilio::ACCOUNT_SID;
use super::twilio::channels::{CONTENT_SID, FROM, VoiceVendor, WhatsAppVendor};

const PROVIDERS: &str = "providers = [\"twilio\"]";
const TABLE: &str = "[sms.twilio]\n";

/// A gate with calls, and with WhatsApp first for British numbers.
pub(crate) struct Ways {
    pub(crate) gate: Gate,
    pub(crate) calls: FakeProvider,
    pub(crate) whatsapp: FakeProvider,
}

pub(crate) fn ways(changes: &[(&str, &str)]) -> Ways {
    let calls = FakeProvider::of(Box::new(VoiceVendor));
    let whatsapp = FakeProvider::of(Box::new(WhatsAppVendor));
    let providers = "providers = [\"twilio\", \"twilio_voice\", \"twilio_whatsapp\"]\n\
                     channels = [\"sms\", \"voice\"]";
    let account = format!("account_sid = \"{ACCOUNT_SID}\"\nauth_token = \"env:TOKEN\"");
    let tables = format!(
        "[[sms.channel_order]]\ncountries = [\"GB\"]\nchannels = [\"whatsapp\", \"sms\"]\n\
         [sms.twilio_voice]\n{account}\nfrom = \"{FROM}\"\nbase_url = \"{}\"\n\
         [sms.twilio_whatsapp]\n{account}\nfrom = \"{FROM}\"\ncontent_sid = \"{CONTENT_SID}\"\n\
         base_url = \"{}\"\n{TABLE}",
        calls.base_url(),
        whatsapp.base_url()
    );
    let own = [(PROVIDERS, providers), (TABLE, &*tables)];
    let gate = Gate::changed(&[&own, changes].concat());
    Ways { gate, calls, whatsapp }
}

/// The form of the button for another way, as a browser sends it without JavaScript.
pub(crate) fn other_way(page: &Answer) -> [(&'static str, String); 2] {
    let text = page.text();
    let channel = between(&text, "name=\"channel\" value=\"", "\"");
    [("flow", flow_of(page)), ("channel", channel.to_owned())]
}

pub(crate) fn pairs<'a>(form: &'a [(&'static str, String); 2]) -> [(&'a str, &'a str); 2] {
    [(form[0].0, &form[0].1), (form[1].0, &form[1].1)]
}
