use std::fmt::Write as _;

use super::at_start::is_read_at_start;
use super::keys::{self, Key, Requirement, ValueType};
use super::{shipped, wording};

const INTRODUCTION: &str = "\
# The configuration file

<!-- Made from the table of keys in src/config/keys/ and the defaults in config/doorcode.toml. -->

Doorcode reads one TOML file, named by `--config FILE` or in [one of two other ways](install.md). Omitted keys have
the defaults below, which are those of `config/doorcode.toml`; sites, users, providers and countries have none.
Without a file the demo at the end of that one runs.

- `doorcode check FILE` reports all mistakes at once, each with its line. The first of several
  tables is `site[1]`.
- Secrets are not stored in the file: `env:NAME` refers to an environment variable, `file:PATH` to
  a file.
- Relative paths are relative to the file.
- A running server reads the file anew on SIGHUP or `doorcode reload FILE`; a changed value that is *read at
  the start* needs a restart.
- Durations are strings: `\"30s\"`, `\"5m\"`, `\"24h\"`, `\"30d\"`.
";

/// The text of `docs/config.md`: every key with its type, default and meaning.
pub fn reference() -> String {
    let mut page = INTRODUCTION.to_owned();
    for table in keys::all().filter(|key| key.kind.has_keys()) {
        let pattern = match table.kind {
            ValueType::Tables | ValueType::TextOrTables => format!("{}[]", table.path),
            _ => table.path.to_owned(),
        };
        // Writing to a `String` cannot fail.
        let _ = write!(page, "\n## `{}`\n\n{}", wording::header(&pattern), table.meaning);
        page.push_str("\n\n| Key | Type | Default | Meaning |\n|---|---|---|---|\n");
        for key in keys::inside(&pattern).filter(|key| !key.kind.has_keys()) {
            page.push_str(&row(key));
        }
    }
    page
}

fn row(key: &Key) -> String {
    let default = match key.need {
        Requirement::Required(example) => format!("required, such as `{example}`"),
        Requirement::RequiredWithout(table, example) => {
            format!("required without `{table}`, such as `{example}`")
        }
        Requirement::Default => format!("`{}`", shipped::default_of(key.path).unwrap_or_default()),
        Requirement::Optional(without) => format!("if omitted: {without}"),
    };
    let restart = if is_read_at_start(key.path) { " *Read at the start.*" } else { "" };
    let (name, kind, meaning) = (key.name(), key.kind.in_words(), key.meaning);
    format!("| `{name}` | {kind} | {default} | {meaning}{restart} |\n")
}
