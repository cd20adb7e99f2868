use std::fmt::{self, Debug};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// The format `json` of the log: one object a line, whose fields have the names of the access log
/// where they mean the same (`time`, `request_id`). No name is written twice, which parsers would
/// read differently.
pub(super) struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'l> LookupSpan<'l>,
    N: for<'w> FormatFields<'w> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let mut line = Line::default();
        line.push("time", time.into());
        line.push("level", event.metadata().level().as_str().into());
        let mut fields = Line::default();
        event.record(&mut fields);
        let target = fields.take("log.target");
        line.push("target", target.unwrap_or_else(|| event.metadata().target().into()));
        line.push("message", fields.take("message").unwrap_or_default());
        for span in context.event_scope().into_iter().flatten() {
            let extensions = span.extensions();
            let written = extensions.get::<FormattedFields<N>>();
            let given: Option<Map<String, Value>> =
                written.and_then(|fields| serde_json::from_str(&fields.fields).ok());
            given.into_iter().flatten().for_each(|(name, value)| line.push(&name, value));
        }
        // What `log` records besides: where in the source a library wrote the line.
        let rest = fields.0.into_iter().filter(|(name, _)| !name.starts_with("log."));
        rest.for_each(|(name, value)| line.push(&name, value));
        line.write(&mut writer)
    }
}

/// Names and values in the order in which they are written.
#[derive(Default)]
struct Line(Vec<(String, Value)>);

impl Line {
    /// A name that is taken gets a number.
    fn push(&mut self, name: &str, value: Value) {
        let is_taken = |name: &str| self.0.iter().any(|(taken, _)| taken == name);
        let numbered =
            || (2..self.0.len() + 3).map(|n| format!("{name}_{n}")).find(|name| !is_taken(name));
        let name = if is_taken(name) { numbered() } else { Some(name.to_owned()) };
        self.0.extend(name.map(|name| (name, value)));
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    fn write(&self, out: &mut impl fmt::Write) -> fmt::Result {
        for (n, (name, value)) in self.0.iter().enumerate() {
            let start = if n == 0 { '{' } else { ',' };
            write!(out, "{start}{}:{value}", Value::from(name.as_str()))?;
        }
        out.write_str("}\n")
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.push(field.name(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field.name(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field.name(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field.name(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field.name(), value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field.name(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_written_twice() {
        let mut line = Line::default();
        for value in 1..=3 {
            line.push("message", value.into());
        }
        line.push("a\"b", Value::Null);
        let mut text = String::new();
        line.write(&mut text).unwrap();
        assert_eq!(text, "{\"message\":1,\"message_2\":2,\"message_3\":3,\"a\\\"b\":null}\n");
    }
}
