/// The built-in file: the defaults and, below [`MARK`], the demo.
pub(super) const SHIPPED: &str = include_str!("../../config/doorcode.toml");

/// What texts cost, by country.
pub(super) const PRICES: &str = include_str!("../../config/prices.csv");

/// The start of the line above the demo.
const MARK: &str = "# ---- Part two";

/// Part one: the only place where defaults are defined.
pub(super) fn defaults() -> &'static str {
    SHIPPED.find(MARK).and_then(|at| SHIPPED.get(..at)).unwrap_or(SHIPPED)
}

/// The default of a key in TOML. In the file each stands on one line with its full key.
pub(super) fn default_of(key: &str) -> Option<&'static str> {
    defaults().lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))
}
