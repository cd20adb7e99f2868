use super::super::reader::Reader;
use super::super::values::{self, shown, unknown};
use super::named::Named;
use crate::domain::AcceptedNumbers;
use crate::gate::{PathPattern, Principal, Rule, RuleMode, Shadow};

const MODES: [(&str, RuleMode); 2] = [("enforce", RuleMode::Enforce), ("report", RuleMode::Report)];

/// A site's `mode`.
pub(super) fn mode(text: &str) -> Result<RuleMode, String> {
    let found = MODES.iter().find(|(name, _)| *name == text).map(|(_, mode)| *mode);
    found.ok_or_else(|| unknown(text, "a mode", &MODES.map(|(name, _)| name)))
}

/// Whom rules may name.
#[derive(Clone, Copy)]
pub(super) struct KnownCallers<'c> {
    pub(super) named: &'c Named,
    pub(super) numbers: &'c AcceptedNumbers,
}

/// `own`: the reserved prefix, if the site is at the root of its host; no rule can match below it.
pub(super) fn rule(
    reader: &mut Reader<'_>,
    table: &str,
    own: Option<&str>,
    known: KnownCallers<'_>,
) -> Option<Rule> {
    reader.require(table);
    let key = |name: &str| format!("{table}.{name}");
    let path = reader.one(&key("path"), |text| {
        let pattern = PathPattern::parse(text).map_err(|why| format!("{} {why}", shown(text)))?;
        let below =
            |own: &str| text.strip_prefix(own).is_some_and(|r| r.is_empty() || r.starts_with('/'));
        match own.filter(|own| below(own)) {
            Some(own) => Err(format!(
                "{own} is reserved for Doorcode (server.prefix); rules do not apply there"
            )),
            None => Ok(pattern),
        }
    });
    let methods = reader.all_or_none(&key("methods"), values::method);
    let allow = reader.all(&key("allow"), |text| who(text, known));
    let from = reader.all_or_none(&key("from"), values::network);
    let fresh = reader.duration(&key("fresh"));
    let rule = Rule { path: path?, methods: methods?, allow: allow?, from: from?, fresh };
    let open = [Principal::Public, Principal::Optional];
    if let Some(open) = rule.allow.iter().find(|who| fresh.is_some() && open.contains(who)) {
        let text = format!(
            "has no effect: `{open}` lets everybody pass, signed in or not; remove `fresh`, or allow `signed-in`"
        );
        reader.note(&key("fresh"), text);
    }
    if let Some((wide, narrow)) = rule.contradiction() {
        let text = format!(
            "`{wide}` lets everybody pass whom `{narrow}` names, so `{narrow}` is not asked for; any word of \
             `allow` is enough: keep the one that you mean"
        );
        reader.note(&key("allow"), text);
    }
    Some(rule)
}

/// Notes rules whose requests are decided by an earlier one that lets more callers pass: what they were
/// written to protect is open.
pub(super) fn check_order(
    reader: &mut Reader<'_>,
    tables: &[String],
    rules: &[Option<Rule>],
    ignore_case: bool,
) {
    let rules: Vec<(&String, &Rule)> = tables
        .iter()
        .zip(rules)
        .filter_map(|(table, rule)| Some((table, rule.as_ref()?)))
        .collect();
    for (n, (table, rule)) in rules.iter().enumerate() {
        let earlier = rules.iter().take(n);
        let mut found = earlier.filter(|(_, earlier)| earlier.admits_more_than(rule));
        let taken = found.find_map(|(first, earlier)| {
            Some((first, &earlier.path, earlier.shadows(rule, ignore_case)?))
        });
        let Some((first, path, shadow)) = taken else { continue };
        let what = match shadow {
            Shadow::Whole => "its requests".to_owned(),
            Shadow::Methods(methods) => {
                let methods: Vec<&str> = methods.iter().map(http::Method::as_str).collect();
                format!("its {} requests", methods.join(", "))
            }
        };
        let text = format!(
            "{first} stands before it, takes {what} (`{path}`), and lets more callers pass: the first rule \
             that matches decides; write this rule first"
        );
        reader.note(&format!("{table}.path"), text);
    }
}

/// One word of `allow`. A client must be configured: otherwise the rule would apply to any client
/// that is given the id later.
fn who(text: &str, known: KnownCallers<'_>) -> Result<Principal, String> {
    let who = values::who(text, known.numbers)?;
    let (Principal::Client(id), Some(known)) = (&who, known.named.client_ids()) else {
        return Ok(who);
    };
    match known.is_empty() {
        _ if known.contains(&id.as_str()) => Ok(who),
        true => Err(format!("{} is not a client: no [[client]] is configured", shown(id.as_str()))),
        false => Err(unknown(id.as_str(), "the id of a [[client]]", &known)),
    }
}
