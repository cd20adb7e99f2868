use http::header::HeaderName;

use super::super::reader::Reader;
use super::super::values::{shown, unknown};
use crate::gate::{self, CLAIMS, Claim, IdentityMapping, PRESETS};

/// The value of `key`: the name of a preset, or a table of custom header names.
pub(super) fn identity(reader: &mut Reader<'_>, key: &str) -> Option<IdentityMapping> {
    if reader.is_table(key) {
        own(reader, key)
    } else if reader.has(key) {
        reader.one(key, preset)
    } else {
        Some(IdentityMapping::default())
    }
}

fn preset(text: &str) -> Result<IdentityMapping, String> {
    let known: Vec<&str> = PRESETS.iter().map(|preset| preset.name).collect();
    IdentityMapping::preset(text).ok_or_else(|| {
        let why = unknown(text, "an identity preset", &known);
        format!("{why} (or a table of your own names)")
    })
}

fn own(reader: &mut Reader<'_>, key: &str) -> Option<IdentityMapping> {
    let names = reader.names(key);
    if names.is_empty() {
        reader
            .note(key, "is empty; write for example { X-User = \"sub\" }, or the name of a preset");
        return None;
    }
    let mut rows: Vec<(HeaderName, Claim)> = Vec::new();
    for name in &names {
        let full = format!("{key}.{name}");
        let claim = reader.one(&full, claim);
        let header = header(name, &rows);
        let header = reader.take(None, &full, header);
        rows.extend(header.zip(claim));
    }
    (rows.len() == names.len()).then(|| IdentityMapping::custom(rows))
}

fn claim(text: &str) -> Result<Claim, String> {
    let known: Vec<&str> = CLAIMS.iter().map(|(name, _)| *name).collect();
    let found = CLAIMS.iter().find(|(name, _)| *name == text).map(|(_, claim)| *claim);
    found.ok_or_else(|| unknown(text, "a claim", &known))
}

/// A header name that differs from all of `earlier`.
fn header(name: &str, earlier: &[(HeaderName, Claim)]) -> Result<HeaderName, String> {
    let header: HeaderName = name.trim_matches('"').parse().map_err(|_| {
        "is not the name of a header: letters, digits and `-`, such as X-User".to_owned()
    })?;
    if !gate::may_carry_identity(header.as_str()) {
        return Err("already has a meaning in requests; use a name such as X-User".to_owned());
    }
    match earlier.iter().find(|(known, _)| gate::is_same_header(known.as_str(), header.as_str())) {
        Some((known, _)) => {
            let known = shown(known.as_str());
            Err(format!("is the same name as {known} to many apps; keep one"))
        }
        None => Ok(header),
    }
}
