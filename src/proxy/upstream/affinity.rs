//! What sends the requests of a session to the same upstream, on every server and after every start.

/// FNV-1a.
pub(in crate::proxy) fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// How well an address suits a session: highest random weight (Thaler and Ravishankar, 1998). Only the
/// sessions of an address that is gone move, and all of them come back with it.
pub(super) fn score(session: u64, address: u64) -> u64 {
    // SplitMix64's finaliser.
    let mixed = session ^ address.rotate_left(32);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
