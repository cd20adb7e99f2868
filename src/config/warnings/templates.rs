use std::collections::HashMap;

use super::Found;
use crate::config::linted_texts::LintedTexts;
use crate::config::settings::Config;
use crate::domain::{Country, PhoneNumber};
use crate::login::{Countries, TextSegments};
use crate::words::{SilentSamples, SmsTemplate, TemplateSample, TemplateSamples};

const TEMPLATE: &str = "sms.template";
/// The most names in one warning.
const MOST_NAMED: usize = 12;

/// A template of the configuration.
struct ConfiguredTemplate<'c> {
    key: String,
    /// The only language that it is for; `None`: all that have none of their own.
    tag: Option<&'c str>,
    is_built_in: bool,
    template: SmsTemplate,
}

fn templates(config: &Config) -> Vec<ConfiguredTemplate<'_>> {
    let others = (TEMPLATE.to_owned(), None, &config.sms_template);
    let by_language = config.sms_templates.iter();
    let by_language =
        by_language.map(|(tag, text)| (format!("sms.templates.{tag}"), Some(tag.as_str()), text));
    let parsed = |(key, tag, text): (String, _, &String)| {
        let template = SmsTemplate::parse(text, &config.brand.name).ok()?;
        let is_built_in = config.sms_built_in.iter().any(|(_, ours)| ours == text);
        Some(ConfiguredTemplate { key, tag, is_built_in, template })
    };
    std::iter::once(others).chain(by_language).filter_map(parsed).collect()
}

/// Variables that texts do not have: a slip of the pen, or of another kind of Auth0's templates.
pub(super) fn unknown_variables(config: &Config) -> Found {
    let mut found = Found::new();
    for ConfiguredTemplate { key, template, .. } in templates(config) {
        let unknown = template.unknown_variables().iter();
        found.extend(unknown.map(|unknown| (key.clone(), format!("{unknown}, so it is empty"))));
    }
    found.dedup();
    found
}

/// Requests for which a template makes a text without the code, so that another text is sent.
pub(super) fn texts_without_code(config: &Config) -> Found {
    let mut found = Found::new();
    for ConfiguredTemplate { key, tag, template, .. } in templates(config) {
        let silent = template.silent_for(samples(config, tag));
        found.extend(groups(&silent).into_iter().map(|who| {
            let text = format!(
                "makes a text without the code for {who}: the built-in text is sent to them instead"
            );
            (key.clone(), text)
        }));
    }
    found
}

impl Config {
    /// How many segments the longest text of each language has, by the same.
    pub fn text_segments(&self) -> TextSegments {
        let mut by_language = HashMap::new();
        let mut other = 1;
        for LintedTexts { key, lint, .. } in self.linted_texts() {
            let longest = lint.longest.as_ref().map_or(1, |(size, _)| size.count);
            let longest = u32::try_from(longest).unwrap_or(u32::MAX);
            match key.strip_prefix("sms.templates.") {
                Some(tag) => drop(by_language.insert(tag.to_owned(), longest)),
                None => other = longest,
            }
        }
        TextSegments::new(by_language, other)
    }

    /// What its texts are like: each template is rendered once for every language, number and client
    /// that it may be asked for, whoever asks how often.
    pub fn linted_texts(&self) -> &[LintedTexts] {
        self.linted.get_or_init(|| self.lint_texts())
    }

    fn lint_texts(&self) -> Vec<LintedTexts> {
        let host = self.issuer.origin().host();
        let all = templates(self).into_iter();
        let lint = |ConfiguredTemplate { key, tag, is_built_in, template }| LintedTexts {
            lint: template.lint(samples(self, tag), host, self.login.code_length),
            is_built_in,
            key,
        };
        all.map(lint).collect()
    }
}

/// Texts in which another line or host than Doorcode's stands beside the code.
pub(super) fn other_hosts(config: &Config) -> Found {
    let host = config.issuer.origin().host();
    let mut found = Found::new();
    for LintedTexts { key, lint, .. } in config.linted_texts() {
        let hosts: Vec<String> = lint.hosts.iter().cloned().collect();
        if !hosts.is_empty() {
            let text = format!(
                "names {}, but people type their codes at {host}: who is used to other addresses types them anywhere",
                listed(&hosts)
            );
            found.push((key.clone(), text));
        }
        if lint.binds_itself {
            let text = format!(
                "has a line that binds the code to a host; leave it out: browsers read the last line only, and the login pages add `@{host} #` and the code"
            );
            found.push((key.clone(), text));
        }
    }
    found
}

/// For whom a text lacks the code, one entry for each kind.
fn groups(silent: &SilentSamples) -> Vec<String> {
    // The first sample stands for whatever is not named.
    let mut languages = silent.languages.clone();
    languages.rotate_left(usize::from(silent.others_too()));
    let several = [
        ("languages", &languages),
        ("numbers such as", &silent.numbers),
        ("clients", &silent.applications),
    ];
    let several = several.into_iter().filter(|(_, names)| !names.is_empty());
    let mut all: Vec<_> =
        several.map(|(kind, names)| format!("{kind} {}", listed(names))).collect();
    if !silent.combinations.is_empty() {
        all.push(listed(&silent.combinations));
    }
    all
}

fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(MOST_NAMED);
    let names = names[..names.len() - more].join(", ");
    if more == 0 { names } else { format!("{names} and {more} more") }
}

/// What the texts of this configuration are asked for: the languages of the pages, numbers of the
/// countries that are texted, and the clients. `tag`: the only language that the template is for.
fn samples(config: &Config, tag: Option<&str>) -> TemplateSamples {
    let mut samples = TemplateSamples::new(&config.brand.name);
    let own = |known: &str| config.sms_templates.iter().any(|(tag, _)| tag == known);
    let sample = |tag: &str| TemplateSample::new(tag, tag);
    if let Some(tag) = tag {
        samples.languages = vec![sample(tag)];
    } else {
        let others = config.languages.iter().filter(|tag| !own(tag));
        samples.languages.extend(others.map(|tag| sample(tag)));
    }
    let numbers: Vec<_> = countries(config).into_iter().filter_map(number).collect();
    if !numbers.is_empty() {
        samples.numbers = numbers;
    }
    samples.applications.extend(config.oauth.clients.all().iter().map(|client| {
        TemplateSample::new(format!("{} ({})", client.id, client.name), client.name.clone())
    }));
    samples
}

fn countries(config: &Config) -> Vec<Country> {
    match &config.login.countries {
        Countries::All => Country::all(),
        Countries::Only(countries) => countries.clone(),
    }
}

fn number(country: Country) -> Option<TemplateSample> {
    let phone = PhoneNumber::parse(&country.example()?, Some(country)).ok()?;
    Some(TemplateSample::new(format!("{} ({})", phone.e164(), country.as_str()), phone.e164()))
}
