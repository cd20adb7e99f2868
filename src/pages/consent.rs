//! What is said of the cost of texts before somebody asks for one.
use super::countries;
use super::views::ConsentSentence;
use crate::login::LoginSettings;

/// The sentences of the number page, each once, in the order of the served countries. All of them, since
/// the form has no script that could choose by the country in it.
pub(crate) fn sentences(settings: &LoginSettings) -> Vec<ConsentSentence<'_>> {
    let mut sentences = Vec::new();
    for country in countries::served(settings) {
        let own = settings.consent.iter().find(|(of, _)| *of == country);
        let sentence = match own {
            Some((_, text)) => ConsentSentence::Own(text),
            None if LoginSettings::tells_rates(country) => ConsentSentence::Rates,
            None => continue,
        };
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences
}
