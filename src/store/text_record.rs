use serde::{Deserialize, Serialize};

use super::{SendRefusal, TextFate, TextState};
use crate::system::Timestamp;

/// A [`TextState`] as it is stored.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TextRecord {
    #[serde(deserialize_with = "Option::deserialize")]
    provider: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    sent: Option<i64>,
    awaited: bool,
    fate: FateRecord,
    again: bool,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum FateRecord {
    #[default]
    Unknown,
    Delivered,
    Undelivered(SendRefusal),
}

impl From<&TextState> for TextRecord {
    fn from(text: &TextState) -> Self {
        let fate = match text.fate {
            TextFate::Unknown => FateRecord::Unknown,
            TextFate::Delivered => FateRecord::Delivered,
            TextFate::Undelivered(why) => FateRecord::Undelivered(why),
        };
        let sent = text.sent.map(Timestamp::as_millis);
        let TextState { awaited, again, .. } = *text;
        Self { provider: text.provider.clone(), sent, awaited, fate, again }
    }
}

impl From<TextRecord> for TextState {
    fn from(record: TextRecord) -> Self {
        let TextRecord { provider, sent, awaited, fate, again } = record;
        let fate = match fate {
            FateRecord::Unknown => TextFate::Unknown,
            FateRecord::Delivered => TextFate::Delivered,
            FateRecord::Undelivered(why) => TextFate::Undelivered(why),
        };
        Self { provider, sent: sent.map(Timestamp::from_millis), awaited, fate, again }
    }
}
