//! The server that runs, by its admin listener.
use super::report::{Grade, Report};
use crate::app::admin_client;
use crate::config::Config;
use crate::metrics;
use crate::proxy::FileLimit;

const TOPIC: &str = "server";
const FILES: &str = "open files";

/// Whether the server is ready.
pub(super) fn ask(config: &Config, report: &mut Report<'_>) -> bool {
    let admin = config.proxy.admin;
    let told = admin_client::readiness(config).and_then(|notes| {
        let text = admin_client::metrics(config)?;
        let version = Values(&text).label(metrics::BUILD.name, "version");
        let version = version.ok_or_else(|| admin_client::not_ours(config))?.to_owned();
        Ok((notes, text, version))
    });
    let (notes, text, version) = match told {
        Ok(told) => told,
        Err(why) => {
            report.add(Grade::Failed, TOPIC, format!("{why} (admin.listen)"));
            return false;
        }
    };
    report.add(Grade::Fine, TOPIC, format!("ready, says {admin} (admin.listen)"));
    for note in notes.lines().skip(1) {
        report.add(Grade::Warning, TOPIC, note);
    }
    same_version(&version, report);
    same_file(config, report);
    judge(config, &Values(&text), report);
    true
}

fn same_version(running: &str, report: &mut Report<'_>) {
    let installed = env!("CARGO_PKG_VERSION");
    if running == installed {
        return report.add(Grade::Fine, TOPIC, format!("version {installed}"));
    }
    let text = format!(
        "version {running} runs and {installed} is installed: `doorcode upgrade` hands over"
    );
    report.add(Grade::Warning, TOPIC, text);
}

/// Whether the server runs with this file as it is now.
fn same_file(config: &Config, report: &mut Report<'_>) {
    let text = match admin_client::configuration(config) {
        Ok(digest) if digest == config.digest_text() => return,
        Ok(_) => {
            "runs with another file, or this one has changed since: what follows is about this file; \
             `doorcode reload` makes the server read it"
        }
        Err(_) => "does not tell which file it runs with: it is of an earlier version",
    };
    report.add(Grade::Warning, TOPIC, text);
}

fn judge(config: &Config, values: &Values<'_>, report: &mut Report<'_>) {
    files(config, values, report);
    for (row, what) in [
        (
            &metrics::CONNECTIONS_REFUSED,
            "connections (server.connections, server.connections_per_address)",
        ),
        (&metrics::EXCHANGES_REFUSED, "requests (server.exchanges, server.exchanges_per_address)"),
        (&metrics::ACCESS_LINES_DROPPED, "lines of the access log: whoever reads it is too slow"),
    ] {
        if let Some(count) = values.number(row.name).filter(|count| *count > 0) {
            let text = format!("refused or dropped since its start: {count} {what}");
            report.add(Grade::Note, TOPIC, text);
        }
    }
    let down = values.lines(metrics::UPSTREAM_UP.name).filter(|(_, value)| *value == "0");
    for (labels, _) in down {
        let of = |label| label_in(labels, label).unwrap_or_default();
        let text = format!("{}, {}: takes no connection from it", of("site"), of("upstream"));
        report.add(Grade::Failed, TOPIC, text);
    }
}

fn files(config: &Config, values: &Values<'_>, report: &mut Report<'_>) {
    let open = values.number(metrics::OPEN_FILES.name);
    let limit = values.number(metrics::FILE_LIMIT.name);
    let (Some(open), Some(limit)) = (open, limit.filter(|limit| *limit > 0)) else {
        return report.add(
            Grade::Note,
            FILES,
            "the server does not tell how many files it has open",
        );
    };
    match FileLimit::new(limit).lower(&mut config.proxy.clone()) {
        Some(text) => report.add(Grade::Warning, FILES, text),
        None => report.add(Grade::Fine, FILES, format!("{open} of {limit}")),
    }
    if open > limit / 5 * 4 {
        let text = format!("{open} of {limit} are open: raise the limit (LimitNOFILE= of systemd)");
        report.add(Grade::Warning, FILES, text);
    }
}

/// Metrics in Prometheus's text form.
struct Values<'t>(&'t str);

impl<'t> Values<'t> {
    /// The labels and the value of each line of a metric.
    fn lines(&self, name: &'static str) -> impl Iterator<Item = (&'t str, &'t str)> {
        self.0.lines().filter_map(move |line| {
            let (labels, value) = line.strip_prefix(name)?.rsplit_once(' ')?;
            (labels.is_empty() || labels.starts_with('{')).then_some((labels, value))
        })
    }

    fn number(&self, name: &'static str) -> Option<u64> {
        self.lines(name).next()?.1.parse().ok()
    }

    fn label(&self, name: &'static str, label: &str) -> Option<&'t str> {
        label_in(self.lines(name).next()?.0, label)
    }
}

fn label_in<'t>(labels: &'t str, label: &str) -> Option<&'t str> {
    labels.split_once(&format!("{label}=\""))?.1.split('"').next()
}
