use std::path::Path;

use doorcode::metrics;

use crate::support::gate::{Gate, wait_for};
use crate::support::settings::ADA;

const FROM: &str = "<!-- Made from the table in src/metrics/table.rs. -->\n";
const TO: &str = "<!-- /metrics -->\n";

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/running.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_page_has_the_table_of_metrics_as_the_reference_is() {
    let page = page();
    let (before, rest) = page.split_once(FROM).unwrap();
    let (_, after) = rest.split_once(TO).unwrap();
    let right = format!("{before}{FROM}\n{}\n{TO}{after}", metrics::reference());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/running.md");
        std::fs::write(path, &right).unwrap();
    }
    assert!(
        right == self::page(),
        "docs/running.md is out of date; make it anew with `UPDATE_DOCS=1 cargo test --test it reference`"
    );
}

#[test]
fn the_page_names_every_field_and_decision_of_the_access_log() {
    let page = page();
    for decision in doorcode::proxy::DECISIONS {
        assert!(page.contains(&format!("`{decision}`")), "{decision}");
    }
    let gate = Gate::start();
    gate.browser().sign_in("/", ADA, &gate.texts).is(200);
    gate.browser().get("/down/x").is(502);
    wait_for("last line", || gate.access_log().contains("/down/x").then_some(()));
    for line in gate.access_log().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        for field in line.as_object().unwrap().keys() {
            assert!(page.contains(&format!("`{field}`")), "{field} of {line}");
        }
    }
}
