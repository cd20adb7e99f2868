//! Keys of text messages and their providers: `[sms]`.

use crate::config::key::Requirement::{Default, Optional, Required};
use crate::config::key::ValueType::{Some as AtLeastOne, Table, Text, Texts};
use crate::config::key::{Key, key};

#[rustfmt::skip]
pub(super) const KEYS: &[Key] = &[
    key("sms", Table, Default,
        "Sending text messages."),
    key("sms.providers", AtLeastOne, Required("[\"twilio\"]"),
        "SMS providers, tried in this order: `twilio`, or `console`, which prints texts on the terminal of this machine."),
    key("sms.template", Text, Default,
        "The text message, in Liquid. Has the code: `{{ code }}`, `{{ password }}` or `@@password@@`. Where a branch lacks it, the built-in text is sent instead."),
    key("sms.templates", Texts, Optional("if `template` is omitted too, one text for each built-in language; else none"),
        "The text message by language tag of the login pages, such as `fr = \"…\"`. `template` is used for all other languages."),
    key("sms.prices", Texts, Optional("a vendor's list prices, `config/prices.csv`"),
        "What a text costs by country, such as `US = \"0.0083\"`, as budgets count it; `other` is for countries without a price."),
    key("sms.currency", Text, Default,
        "The currency of prices and budgets (ISO 4217). With another one than USD the prices that ship do not apply."),

    key("sms.twilio", Table, Default,
        "The Twilio account; required if `sms.providers` names `twilio`."),
    key("sms.twilio.account_sid", Text, Required("\"AC0123456789abcdef0123456789abcdef\""),
        "`AC` and 32 hexadecimal digits."),
    key("sms.twilio.auth_token", Text, Required("\"env:TWILIO_AUTH_TOKEN\""),
        "The account's auth token: `env:NAME` or `file:PATH`."),
    key("sms.twilio.messaging_service_sid", Text, Optional("`from` is required"),
        "Sends from a messaging service: `MG` and 32 hexadecimal digits."),
    key("sms.twilio.from", Text, Optional("`messaging_service_sid` is required"),
        "Sends from one number (`+12025550123`) or alphanumeric sender ID (1 to 11 letters and digits)."),
    key("sms.twilio.base_url", Text, Default,
        "Base URL of Twilio's API, or of a stand-in for it. `http` only for loopback hosts."),
];
