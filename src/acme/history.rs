//! Failures in a row, kept in the folder: a process that is started again and again must not use up what an
//! authority allows.
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::AcmeError;
use super::folder::{AcmeFile, AcmeFolder, FolderError};
use super::schedule::{Chance, pause};
use crate::system::{System, Timestamp};

/// What is told of an attempt that is not over, or whose process ended.
const UNDER_WAY: &str = "the order was not finished";

/// Attempts in a row that brought no certificate.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Failures {
    pub(super) count: u32,
    /// When the last began, and when the next may, in milliseconds since 1970.
    at: i64,
    until: i64,
    pub(super) why: String,
}

impl Failures {
    /// Whether nothing may be tried at `now`. One that is of the future was written by a clock that was
    /// wrong, and holds nothing back.
    pub(super) fn hold(&self, now: Timestamp) -> bool {
        let is_past = Timestamp::from_millis(self.at).is_past_at(now);
        is_past && now < Timestamp::from_millis(self.until)
    }

    fn next(last: Option<&Self>, why: &str, asked: Option<Duration>, system: &System) -> Self {
        let count = last.map_or(0, |last| last.count).saturating_add(1);
        let now = system.now();
        let until = now + pause(count, asked, Chance::of(system.random()));
        Self { count, at: now.as_millis(), until: until.as_millis(), why: why.to_owned() }
    }
}

/// The failures of one host, or of the authority itself.
#[derive(Debug, Default)]
pub(super) struct OrderHistory {
    last: Option<Failures>,
}

impl OrderHistory {
    /// A file that cannot be read counts as none.
    pub(super) fn load(folder: &AcmeFolder, file: AcmeFile<'_>) -> Self {
        let bytes = folder.read(file).ok().flatten();
        Self { last: bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()) }
    }

    pub(super) fn last(&self) -> Option<&Failures> {
        self.last.as_ref()
    }

    pub(super) fn holds(&self, now: Timestamp) -> bool {
        self.last.as_ref().is_some_and(|last| last.hold(now))
    }

    /// Notes an attempt before it is made, as if it failed: nothing is told by a process that is killed.
    /// Returns what was known before, for [`Self::fail`].
    pub(super) fn begin(
        &mut self,
        folder: &AcmeFolder,
        file: AcmeFile<'_>,
        system: &System,
    ) -> Result<Option<Failures>, FolderError> {
        let before = self.last.clone();
        let begun = Failures::next(before.as_ref(), UNDER_WAY, None, system);
        self.keep(folder, file, begun, system)?;
        Ok(before)
    }

    /// Notes that an attempt failed. `before`: what was known before it.
    pub(super) fn fail(
        &mut self,
        (folder, file): (&AcmeFolder, AcmeFile<'_>),
        before: Option<&Failures>,
        why: &AcmeError,
        system: &System,
    ) -> Result<(), FolderError> {
        let failed = Failures::next(before, &why.text, why.retry_after, system);
        self.keep(folder, file, failed, system)
    }

    pub(super) fn clear(
        &mut self,
        folder: &AcmeFolder,
        file: AcmeFile<'_>,
    ) -> Result<(), FolderError> {
        if self.last.take().is_none() {
            return Ok(());
        }
        folder.remove(file)
    }

    fn keep(
        &mut self,
        folder: &AcmeFolder,
        file: AcmeFile<'_>,
        failures: Failures,
        system: &System,
    ) -> Result<(), FolderError> {
        let text = serde_json::to_vec(&failures).unwrap_or_default();
        self.last = Some(failures);
        folder.write(file, &text, system)
    }
}
