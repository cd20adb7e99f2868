//! THE list of how each row of the table of limits is met in these tests.
use doorcode::login::LIMITS;

/// How a row is met whose maximum is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MetBy {
    /// The second start is refused, at every door.
    Start,
    /// The same on the pages alone: a program begins no login that it does not complete.
    StartOnPages,
    /// The second start with a proof by calculation.
    Proof,
    /// The second start with a proof by waiting.
    Wait,
    /// The second start of a server that shows its secret.
    Server,
    /// The second wrong code, and the start after it.
    WrongCode,
    /// Nothing that has a number, with what it is of.
    NoNumber(&'static str),
}

use MetBy::{NoNumber, Proof, Server, Start, StartOnPages, Wait, WrongCode};

const ROWS: &[(&str, MetBy)] = &[
    ("wrong_codes_per_number_15m", WrongCode),
    ("wrong_codes_per_number_24h", WrongCode),
    ("texts_per_number_1h", Start),
    ("texts_per_number_24h", Start),
    ("texts_per_number_block_10m", Start),
    ("texts_per_country_1h", Start),
    ("starts_per_address_10m", Start),
    ("starts_per_address_1h", Start),
    ("proved_starts_per_address_10m", Proof),
    ("proved_starts_per_address_1h", Proof),
    ("waited_starts_per_address_10m", Wait),
    ("starts_per_network_1h", Start),
    ("starts_per_server_1h", Server),
    ("attempts_per_address", StartOnPages),
    ("wrong_client_secrets_10m", NoNumber("a client that does not show its secret")),
    ("wrong_refresh_tokens_10m", NoNumber("a refresh token")),
    ("wrong_authorization_codes_10m", NoNumber("an authorization code")),
    ("texts_1h", Start),
    ("texts_24h", Start),
    ("spend_per_number_block_1h", Start),
    ("spend_per_number_block_24h", Start),
    ("spend_per_country_1h", Start),
    ("spend_per_country_24h", Start),
    ("spend_1h", Start),
    ("spend_24h", Start),
];

/// The rows that are met in these ways, each set to one.
pub(super) fn met_by(ways: &[MetBy]) -> impl Iterator<Item = String> {
    ROWS.iter().filter(|(_, by)| ways.contains(by)).map(|(key, _)| format!("{key} = 1"))
}

#[test]
fn every_row_of_the_limits_is_in_the_list() {
    let listed: Vec<_> = ROWS.iter().map(|(key, _)| *key).collect();
    let known: Vec<_> = LIMITS.iter().map(|row| row.key).collect();
    assert_eq!(listed, known);
}
