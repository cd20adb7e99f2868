//! Files of the folder. Written whole or not at all, and readable by this user only from their first
//! moment on.
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use super::settings::AcmeDirectory;
use crate::domain::Host;
use crate::system::System;

/// Limit for a file, bytes: more than any chain or account has.
const LARGEST: u64 = 1024 * 1024;

const FOLDER_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// Bits of a mode that let somebody else in.
const OTHERS: u32 = 0o077;

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("{} is open to others (mode {mode:04o}), and private keys are kept there: chmod 0700", path.display())]
    Open { path: PathBuf, mode: u32 },
    #[error("{} is not a folder", path.display())]
    NoFolder { path: PathBuf },
    #[error("cannot read {}: {why}", path.display())]
    Unreadable { path: PathBuf, why: io::Error },
    #[error("cannot write {}: {why}", path.display())]
    Unwritable { path: PathBuf, why: io::Error },
}

/// The part of `acme.folder` that belongs to one authority.
#[derive(Clone, Debug)]
pub struct AcmeFolder {
    path: PathBuf,
}

/// A file in it.
#[derive(Clone, Copy, Debug)]
pub(super) enum AcmeFile<'a> {
    /// Key and id of the account.
    Account,
    /// What failed because of the authority.
    Authority,
    /// A certificate chain and its key, in PEM: one file, so that they are replaced together.
    Certificate(&'a Host),
    /// What failed for one host.
    Failure(&'a Host),
}

impl AcmeFile<'_> {
    fn name(self) -> String {
        match self {
            Self::Account => "account.json".to_owned(),
            Self::Authority => "authority.json".to_owned(),
            Self::Certificate(host) => format!("{host}.pem"),
            Self::Failure(host) => format!("{host}.failure.json"),
        }
    }
}

impl AcmeFolder {
    /// What is wrong with a folder that exists already; others are made at the start.
    ///
    /// # Errors
    /// When it is no folder, or is open to others.
    pub fn examine(path: &Path) -> Result<(), FolderError> {
        let about = match fs::metadata(path) {
            Ok(about) => about,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(why) => return Err(FolderError::Unreadable { path: path.to_owned(), why }),
        };
        if !about.is_dir() {
            return Err(FolderError::NoFolder { path: path.to_owned() });
        }
        let mode = about.permissions().mode() & 0o7777;
        if mode & OTHERS != 0 {
            return Err(FolderError::Open { path: path.to_owned(), mode });
        }
        Ok(())
    }

    /// Makes the folder where there is none yet, and tries to write there.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn open(
        folder: &Path,
        directory: &AcmeDirectory,
        system: &System,
    ) -> Result<Self, FolderError> {
        Self::examine(folder)?;
        let path = folder.join(directory.folder_name());
        let unwritable = |why| FolderError::Unwritable { path: path.clone(), why };
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&path).map_err(unwritable)?;
        Self::examine(&path)?;
        let folder = Self { path };
        let probe = folder.temporary("probe", system);
        create(&probe, b"")
            .and_then(|()| fs::remove_file(&probe))
            .map_err(|why| FolderError::Unwritable { path: folder.path.clone(), why })?;
        Ok(folder)
    }

    pub(super) fn path_of(&self, file: AcmeFile<'_>) -> PathBuf {
        self.path.join(file.name())
    }

    /// The contents of a file; `None` if it is not there.
    pub(super) fn read(
        &self,
        file: AcmeFile<'_>,
    ) -> Result<Option<Zeroizing<Vec<u8>>>, FolderError> {
        let path = self.path_of(file);
        let mut bytes = Zeroizing::new(Vec::new());
        let read = File::open(&path).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
        match read {
            Ok(_) => Ok(Some(bytes)),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(FolderError::Unreadable { path, why }),
        }
    }

    /// Replaces a file.
    pub(super) fn write(
        &self,
        file: AcmeFile<'_>,
        bytes: &[u8],
        system: &System,
    ) -> Result<(), FolderError> {
        let (path, temporary) = (self.path_of(file), self.temporary(&file.name(), system));
        let written = create(&temporary, bytes).and_then(|()| {
            fs::rename(&temporary, &path)?;
            // So that the rename outlives a loss of power.
            File::open(&self.path)?.sync_all()
        });
        written.map_err(|why| {
            // Fails where it was not made.
            drop(fs::remove_file(&temporary));
            FolderError::Unwritable { path, why }
        })
    }

    pub(super) fn remove(&self, file: AcmeFile<'_>) -> Result<(), FolderError> {
        let path = self.path_of(file);
        match fs::remove_file(&path) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => {
                Err(FolderError::Unwritable { path, why })
            }
            _ => Ok(()),
        }
    }

    /// Beside what it will replace, by a name that nobody else uses.
    fn temporary(&self, name: &str, system: &System) -> PathBuf {
        self.path.join(format!(".{name}.{}", HEXLOWER.encode(&system.random::<8>())))
    }
}

/// A file for this user only.
fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
