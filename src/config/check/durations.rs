use std::time::Duration;

use super::super::reader::Reader;
use super::super::values::written;

/// Two durations, the second of which must not be shorter. A mistake is noted at the key that the
/// file sets, not at a default.
pub(super) fn in_order(reader: &mut Reader<'_>, keys: [&'static str; 2]) -> Option<[Duration; 2]> {
    let [shorter, longer] = [reader.duration(keys[0])?, reader.duration(keys[1])?];
    if shorter > longer {
        let table = keys[0].split('.').next().unwrap_or_default();
        let key = keys.into_iter().find(|key| reader.has(key)).unwrap_or(table);
        let name = |key: &'static str| key.rsplit('.').next().unwrap_or_default();
        let (first, second) = (name(keys[0]), name(keys[1]));
        let [is, other] = [shorter, longer].map(|time| written(time.as_secs()));
        reader.note(key, format!("{first} ({is}) is longer than {second} ({other})"));
        return None;
    }
    Some([shorter, longer])
}
