use std::sync::Arc;

use http::{HeaderMap, header};

use super::language_choice::LanguageChoice;
use super::views::Views;
use crate::gate::SiteMap;
use crate::system::System;
use crate::words::Language;

/// What every page needs: the views and their languages, the configured sites, clock and random
/// numbers.
pub(crate) struct Shell {
    pub(super) views: Views,
    pub(super) map: Arc<SiteMap>,
    pub(super) system: System,
}

impl Shell {
    pub(crate) const fn new(views: Views, map: Arc<SiteMap>, system: System) -> Self {
        Self { views, map, system }
    }

    pub(crate) const fn views(&self) -> &Views {
        &self.views
    }

    pub(crate) fn map(&self) -> &SiteMap {
        &self.map
    }

    pub(crate) const fn system(&self) -> &System {
        &self.system
    }

    /// The language to answer in: the one that `asked` names if there are pages in it, else the
    /// one that was `chosen` before, else the best for `Accept-Language`.
    pub(super) fn language(
        &self,
        asked: Option<&str>,
        chosen: Option<&str>,
        headers: &HeaderMap,
    ) -> &Language {
        let languages = self.views.languages();
        let chosen = chosen.map(|text| LanguageChoice::parse(text).tag);
        let mut wanted = [asked, chosen].into_iter().flatten();
        let exact = wanted.find(|tag| languages.by_tag(tag).is_some());
        let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        languages.negotiate(exact.or(asked), header)
    }

    /// The tag of the best of our languages for the value of a header such as `Accept-Language`.
    pub(crate) fn best_language_tag(&self, header: &str) -> Option<&str> {
        self.views.languages().best_match(header).map(Language::tag)
    }
}
