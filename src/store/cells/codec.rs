use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::CellKind;
use crate::store::StoreError;

/// The version of all records. One of another version is unreadable, which refuses requests until
/// it expires: a new version has to read the one before.
const VERSION: u8 = 1;

/// A value as bytes: JSON, with the version beside it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Versioned<R> {
    version: u8,
    value: R,
}

/// How a type is written to cells: by a record of plain values, which does not change when the
/// type does.
pub(in crate::store) trait StoredRecord: Sized {
    type Record: Serialize + DeserializeOwned;
    const KIND: CellKind;

    fn to_record(&self) -> Self::Record;

    /// `None` if a value is not one that its type allows.
    fn from_record(record: Self::Record) -> Option<Self>;
}

pub(in crate::store) fn encode<T: StoredRecord>(value: &T) -> Result<Vec<u8>, StoreError> {
    let versioned = Versioned { version: VERSION, value: value.to_record() };
    serde_json::to_vec(&versioned).map_err(|_| StoreError::BadCell { kind: T::KIND.as_str() })
}

/// # Errors
///
/// [`StoreError::BadCell`] if [`encode`] did not write these bytes.
pub(in crate::store) fn decode<T: StoredRecord>(bytes: &[u8]) -> Result<T, StoreError> {
    let bad = StoreError::BadCell { kind: T::KIND.as_str() };
    match serde_json::from_slice::<Versioned<T::Record>>(bytes) {
        Ok(Versioned { version: VERSION, value }) => T::from_record(value).ok_or(bad),
        _ => Err(bad),
    }
}
