/// The file that comes with Doorcode: its defaults, and below [`MARK`] the demo.
pub(super) const SHIPPED: &str = include_str!("../../config/doorcode.toml");

/// How the line begins that the demo starts below.
const MARK: &str = "# ---- Part two";

/// Part one: every default, and the only place where one is written down.
pub(super) fn defaults() -> &'static str {
    SHIPPED.find(MARK).and_then(|at| SHIPPED.get(..at)).unwrap_or(SHIPPED)
}

/// The default of a key as it is written there: in full and on one line.
pub(super) fn default_of(key: &str) -> Option<&'static str> {
    defaults().lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))
}
