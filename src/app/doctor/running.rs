//! The server that runs, by its admin listener.
use super::report::{Grade, Report};
use crate::app::admin_client;
use crate::config::Config;
use crate::metrics;
use crate::proxy::FileLimit;

const TOPIC: &str = "server";
const FILES: &str = "open files";

pub(super) fn ask(config: &Config, report: &mut Report) {
    let admin = config.proxy.admin;
    match admin_client::readiness(config) {
        Ok(notes) => {
            report.add(Grade::Fine, TOPIC, format!("ready, says {admin} (admin.listen)"));
            for note in notes.lines().skip(1) {
                report.add(Grade::Warning, TOPIC, note);
            }
        }
        Err(why) => {
            report.add(Grade::Failed, TOPIC, format!("{why} (admin.listen)"));
            return;
        }
    }
    match admin_client::metrics(config) {
        Ok(text) => judge(config, &Values(&text), report),
        Err(why) => report.add(Grade::Warning, TOPIC, why.to_string()),
    }
}

fn judge(config: &Config, values: &Values<'_>, report: &mut Report) {
    let installed = env!("CARGO_PKG_VERSION");
    match values.label(metrics::BUILD.name, "version") {
        Some(running) if running != installed => {
            let text = format!(
                "version {running} runs and {installed} is installed: `doorcode upgrade` hands over"
            );
            report.add(Grade::Warning, TOPIC, text);
        }
        _ => report.add(Grade::Fine, TOPIC, format!("version {installed}")),
    }
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
            report.add(
                Grade::Note,
                TOPIC,
                format!("refused or dropped since its start: {count} {what}"),
            );
        }
    }
    let down = values.lines(metrics::UPSTREAM_UP.name).filter(|(_, value)| *value == "0");
    for (labels, _) in down {
        report.add(Grade::Failed, TOPIC, format!("an app takes no connection from it: {labels}"));
    }
}

fn files(config: &Config, values: &Values<'_>, report: &mut Report) {
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
        let (labels, _) = self.lines(name).next()?;
        labels.split_once(&format!("{label}=\""))?.1.split('"').next()
    }
}
