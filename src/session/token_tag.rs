//! The end of a token: a MAC of what stands before it, by which a forged one is recognised without a
//! look into the store.
use subtle::ConstantTimeEq as _;

use crate::domain::Subkey;

/// The first `N` bytes of the MAC of `seed`.
pub(super) fn tag<const N: usize>(seed: &[u8], key: &Subkey) -> [u8; N] {
    let mut short = [0; N];
    short.copy_from_slice(&key.mac(&[seed])[..N]);
    short
}

/// Whether the last `N` bytes of a token are the tag of those before, by one of `keys`.
pub(super) fn is_tagged_by_one<const N: usize>(token: &[u8], keys: &[Subkey]) -> bool {
    let Some((seed, given)) = token.split_last_chunk::<N>() else { return false };
    keys.iter().any(|key| tag::<N>(seed, key).ct_eq(given).into())
}
