//! The providers of texts: are the credentials good? No text is sent.
use super::clock::Dates;
use super::report::{Grade, Report};
use crate::app::configured;
use crate::config::Config;
use crate::delivery::sms::AccountCheck;
use crate::system::System;

const TOPIC: &str = "provider";

pub(super) async fn ask(
    config: &Config,
    system: &System,
    (dates, report): (&mut Dates, &mut Report<'_>),
) {
    for provider in configured::providers(config, None, system) {
        let name = provider.name();
        match provider.check_account().await {
            AccountCheck::NotAsked => {
                report.add(Grade::Note, TOPIC, format!("{name} can be asked nothing but texts"));
            }
            AccountCheck::Good { date } => {
                report.add(Grade::Fine, TOPIC, format!("{name} knows the account"));
                if let Some(date) = date {
                    dates.note(name, date, system.now());
                }
            }
            AccountCheck::Failed(why) => report.add(Grade::Failed, TOPIC, why.to_string()),
        }
    }
}
