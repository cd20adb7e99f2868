use std::path::Path;

use super::{FAILED, FINE, Surroundings, say};
use crate::config::Config;
use crate::system::Timestamp;
use crate::web::pages::Pages;

pub(super) fn check(file: &Path, around: &mut Surroundings<'_>) -> u8 {
    match Config::load(file, around.environment) {
        Ok(config) => match (around.examine)(&config) {
            Ok(()) => {
                say(around.out, &report(&config, around.now));
                FINE
            }
            Err(why) => {
                say(around.err, &format_args!("{}: {why}\n", config.source));
                FAILED
            }
        },
        Err(problems) => {
            let count = counted(problems.list().len(), "mistake");
            say(around.err, &format_args!("{problems}\n{count} in {}\n", problems.file()));
            FAILED
        }
    }
}

/// That the file is fine, and what its writer may not be aware of.
fn report(config: &Config, now: Timestamp) -> String {
    let mut lines = vec![format!(
        "{} is fine: {}, {}, {}",
        config.source,
        counted(config.sites.len(), "site"),
        counted(config.users.len(), "user"),
        counted(config.providers.len(), "SMS provider"),
    )];
    let own = config.issuer.origin();
    let elsewhere = |site: &&crate::gate::Site| {
        let site = &site.place.origin;
        site.host() == own.host() && site.port() != own.port()
    };
    lines.extend(config.sites.iter().filter(elsewhere).map(|site| {
        let name = &site.name;
        format!("note: {name} and server.public_url differ in port only: browsers send one cookie to both, so no hand-over is needed")
    }));
    let corrections = Pages::new(&config.brand).map(|pages| pages.corrections().to_vec());
    lines.extend(corrections.unwrap_or_default().iter().map(|said| format!("note: {said}")));
    if config.secrets.is_none() {
        let path = config.secret_file.display();
        let made = if config.secret_file.exists() { "" } else { ", made at the first start" };
        lines.push(format!("note: server.secret is in {path}{made}"));
    }
    if config.development_exposed {
        lines.push(
            "warning: server.unsafe_development_exposed is set: what is only for development may \
             be reached from other machines"
                .to_owned(),
        );
    }
    if config.shared_origin {
        lines.push(
            "warning: server.unsafe_shared_origin is set: scripts of an app may sign its visitors \
             in to sites on other hosts"
                .to_owned(),
        );
    }
    lines.extend(config.tls_doubts(now).iter().map(|said| format!("warning: {said}")));
    lines.join("\n") + "\n"
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
