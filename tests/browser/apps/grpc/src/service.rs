//! `acme.Numbers` and its messages.

#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct Number {
    #[prost(uint64, tag = "1")]
    pub(crate) value: u64,
}

/// Who calls, as the app was told.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Caller {
    #[prost(string, tag = "1")]
    pub(crate) user: String,
    /// What came as `authorization`; empty for none.
    #[prost(string, tag = "2")]
    pub(crate) authorization: String,
}

include!(concat!(env!("OUT_DIR"), "/acme.Numbers.rs"));
