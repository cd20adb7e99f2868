use std::fmt::Write as _;

use super::keys::{self, KEYS, Key, Kind, Need};
use super::{shipped, wording};

const INTRODUCTION: &str = "\
# The configuration file

<!-- Made from the table of keys in src/config/keys.rs and the defaults in config/doorcode.toml. -->

Doorcode reads one TOML file, named by `--config FILE`. What it leaves out has the defaults below,
which are those of `config/doorcode.toml`; sites, users, providers and countries are never
inherited. Without `--config` the demo at the end of that file runs.

- `doorcode check FILE` tells every mistake at once, each with its line. Of several tables the
  first is `site[1]`.
- Secrets never stand in the file: `env:NAME` names an environment variable, `file:PATH` a file.
- Relative paths are relative to the file.
- Times are texts: `\"30s\"`, `\"5m\"`, `\"24h\"`, `\"30d\"`.
";

/// `docs/config.md`: every key, what it takes, its default and what it means.
pub fn reference() -> String {
    let mut page = INTRODUCTION.to_owned();
    for table in KEYS.iter().filter(|key| matches!(key.kind, Kind::Table | Kind::Tables)) {
        let pattern = match table.kind {
            Kind::Tables => format!("{}[]", table.path),
            _ => table.path.to_owned(),
        };
        // Writing to a `String` cannot fail.
        let _ = write!(page, "\n## `{}`\n\n{}", wording::header(&pattern), table.says);
        page.push_str("\n\n| Key | Write | Default | What it means |\n|---|---|---|---|\n");
        for key in
            keys::inside(&pattern).filter(|key| !matches!(key.kind, Kind::Table | Kind::Tables))
        {
            page.push_str(&row(key));
        }
    }
    page
}

fn row(key: &Key) -> String {
    let default = match key.need {
        Need::Required(example) => format!("must be there, such as `{example}`"),
        Need::Default => format!("`{}`", shipped::default_of(key.path).unwrap_or_default()),
        Need::Optional(without) => format!("left out: {without}"),
    };
    format!("| `{}` | {} | {default} | {} |\n", key.name(), key.kind.in_words(), key.says)
}
