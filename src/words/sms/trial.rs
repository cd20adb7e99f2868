use std::collections::BTreeSet;

use super::source::KnownVariable;
use super::{MessageText, SmsTemplate};
use crate::words::TemplateError;

/// The code in samples. No sample number contains it.
pub(super) const CODE: &str = "731904";
/// A number of no country in particular.
pub(super) const NUMBER: &str = "+12025550123";
/// The label of the language that stands for those that are not named.
const ALL_OTHERS: &str = "all others";
/// More combinations than this are not all rendered.
const MOST_COMBINATIONS: usize = 20_000;
/// The most samples that are made of the strings in a template.
const MOST_LITERALS: usize = 500;

/// A value that a template is tried with.
#[derive(Clone, Debug)]
pub struct TemplateSample {
    /// What it is called in a warning.
    pub label: String,
    pub value: String,
    /// Whether it is made of a string in the template. Such a sample is only named where it makes a
    /// difference.
    made_up: bool,
}

impl TemplateSample {
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), made_up: false }
    }

    fn made_up(value: impl Into<String>) -> Self {
        let value = value.into();
        Self { label: value.clone(), value, made_up: true }
    }
}

/// What the texts of a configuration may be asked for: the languages, numbers and applications
/// that a template is tried with. The first of each stands for any other.
#[derive(Clone, Debug)]
pub struct TemplateSamples {
    pub languages: Vec<TemplateSample>,
    /// In E.164.
    pub numbers: Vec<TemplateSample>,
    pub applications: Vec<TemplateSample>,
}

impl TemplateSamples {
    /// One of each; `brand` is the application of the login pages.
    pub fn new(brand: &str) -> Self {
        Self {
            languages: vec![TemplateSample::new(ALL_OTHERS, "")],
            numbers: vec![TemplateSample::new(NUMBER, NUMBER)],
            applications: vec![TemplateSample::new("the login pages", brand)],
        }
    }
}

/// For which samples a text lacks the code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SilentSamples {
    pub languages: Vec<String>,
    pub numbers: Vec<String>,
    pub applications: Vec<String>,
    /// Combinations of a language, a number and an application that none of the above explains.
    pub combinations: Vec<String>,
}

impl SilentSamples {
    /// Whether the first of the languages is the one that stands for all others.
    pub fn others_too(&self) -> bool {
        self.languages.first().is_some_and(|label| label == ALL_OTHERS)
    }
}

impl SmsTemplate {
    /// Renders a template with samples, so that a mistake is found at the start and not at the
    /// first login.
    pub(super) fn try_out(&self) -> Result<(), TemplateError> {
        let trial = Trial::of(self, TemplateSamples::new(&self.brand));
        let mut silent = true;
        for at in trial.combinations() {
            silent &= trial.is_silent(at)?;
        }
        if silent { Err(TemplateError::NoCode) } else { Ok(()) }
    }

    /// For which of `samples` the text lacks the code, so that another one is sent.
    pub fn silent_for(&self, samples: TemplateSamples) -> SilentSamples {
        let trial = Trial::of(self, samples);
        let all = trial.combinations();
        let silent = |at: &[usize; 3]| trial.is_silent(*at).unwrap_or(true);
        let mut silent: Vec<_> = all.iter().map(|at| (*at, silent(at))).collect();
        let mut found = SilentSamples::default();
        let named = [&mut found.languages, &mut found.numbers, &mut found.applications];
        for (axis, names) in named.into_iter().enumerate() {
            *names = trial.explain(axis, &mut silent);
        }
        let rest: Vec<_> = silent.iter().filter(|(_, silent)| *silent).map(|(at, _)| *at).collect();
        let real: Vec<_> = rest.iter().copied().filter(|at| !trial.has_made_up(*at)).collect();
        let named = if real.is_empty() { rest } else { real };
        found.combinations = named.into_iter().map(|at| trial.label(at)).collect();
        found
    }
}

/// A template with the samples that can make a difference to it.
pub(super) struct Trial<'t> {
    template: &'t SmsTemplate,
    /// Languages, numbers, applications.
    axes: [Vec<TemplateSample>; 3],
}

impl<'t> Trial<'t> {
    pub(super) fn of(template: &'t SmsTemplate, samples: TemplateSamples) -> Self {
        let literals: Vec<_> = template.source.literals.iter().take(MOST_LITERALS).collect();
        let varied = |variable, mut samples: Vec<TemplateSample>, made: Vec<String>| {
            // Samples of what the template does not read change nothing.
            if !template.source.reads.contains(&variable) {
                samples.truncate(1);
                return samples;
            }
            samples.extend(made.into_iter().map(TemplateSample::made_up));
            samples
        };
        let texts = || literals.iter().map(|literal| (*literal).clone()).collect();
        let numbers: BTreeSet<_> = literals.iter().flat_map(|literal| numbers(literal)).collect();
        let axes = [
            varied(KnownVariable::RequestLanguage, samples.languages, texts()),
            varied(KnownVariable::PhoneNumber, samples.numbers, numbers.into_iter().collect()),
            varied(KnownVariable::ApplicationName, samples.applications, texts()),
        ];
        Self { template, axes }
    }

    /// Every combination of samples; if these are too many, each sample with the first of the
    /// others.
    pub(super) fn combinations(&self) -> Vec<[usize; 3]> {
        let [languages, numbers, applications] = self.axes.each_ref().map(Vec::len);
        if languages * numbers * applications <= MOST_COMBINATIONS {
            let pairs = (0..languages).flat_map(|l| (0..numbers).map(move |n| (l, n)));
            return pairs.flat_map(|(l, n)| (0..applications).map(move |a| [l, n, a])).collect();
        }
        let languages = (0..languages).map(|l| [l, 0, 0]);
        let numbers = (1..numbers).map(|n| [0, n, 0]);
        languages.chain(numbers).chain((1..applications).map(|a| [0, 0, a])).collect()
    }

    /// # Errors
    ///
    /// When the engine cannot fill the template.
    pub(super) fn render(&self, at: [usize; 3]) -> Result<MessageText, liquid::Error> {
        let [language, number, application] = self.samples(at).map(|sample| &*sample.value);
        self.template.fill(CODE, number, language, application)
    }

    fn is_silent(&self, at: [usize; 3]) -> Result<bool, TemplateError> {
        match self.render(at) {
            Ok(text) => text.check(CODE).map(|()| false).or_else(|error| match error {
                TemplateError::NoCode => Ok(true),
                other => Err(other),
            }),
            Err(error) => Err(self.template.unreadable(&error)),
        }
    }

    /// The samples of one axis with which every text that is not explained yet is silent. These
    /// texts are taken out of `silent`.
    fn explain(&self, axis: usize, silent: &mut Vec<([usize; 3], bool)>) -> Vec<String> {
        let mut named = Vec::new();
        if self.axes[axis].len() < 2 {
            return named;
        }
        let outcomes: Vec<Vec<bool>> = (0..self.axes[axis].len())
            .map(|n| silent.iter().filter(|(at, _)| at[axis] == n).map(|(_, s)| *s).collect())
            .collect();
        for (n, sample) in self.axes[axis].iter().enumerate() {
            if !outcomes[n].is_empty() && outcomes[n].iter().all(|silent| *silent) {
                silent.retain(|(at, _)| at[axis] != n);
                // A made-up sample tells nothing beside a real one of the same outcome.
                let mut real = self.axes[axis].iter().zip(&outcomes).filter(|(s, _)| !s.made_up);
                if !sample.made_up || real.all(|(_, outcome)| *outcome != outcomes[n]) {
                    named.push(sample.label.clone());
                }
            }
        }
        named
    }

    fn samples(&self, [l, n, a]: [usize; 3]) -> [&TemplateSample; 3] {
        [&self.axes[0][l], &self.axes[1][n], &self.axes[2][a]]
    }

    /// The labels of a combination, without those of what the template does not read.
    pub(super) fn label(&self, at: [usize; 3]) -> String {
        let samples = self.samples(at).into_iter().zip(&self.axes);
        let varied = samples.filter(|(_, axis)| axis.len() > 1);
        varied.map(|(sample, _)| sample.label.as_str()).collect::<Vec<_>>().join(" with ")
    }

    fn has_made_up(&self, at: [usize; 3]) -> bool {
        self.samples(at).iter().any(|sample| sample.made_up)
    }
}

/// Numbers that begin with, contain, or are the digits of a string that a template may compare a
/// number with.
fn numbers(literal: &str) -> Vec<String> {
    const FILL: &str = "2025550123";
    let digits = literal.strip_prefix('+').unwrap_or(literal);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !plain || digits.len() > 15 {
        return Vec::new();
    }
    let fill = &FILL[..FILL.len().min(15 - digits.len())];
    if literal.starts_with('+') {
        vec![literal.to_owned(), format!("+{digits}{fill}")]
    } else {
        vec![format!("+{fill}{digits}"), format!("+{digits}{fill}")]
    }
}
