use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with,
};

use super::settings::{ListenAddress, ProxySettings};

/// Connections that wait until they are accepted; Pingora raises it.
const BACKLOG: i32 = 128;

/// Why a Unix socket cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on unix:{}: {why}", path.display())]
pub struct SocketError {
    pub path: PathBuf,
    pub why: io::Error,
}

/// A Unix socket that is listened on. Pingora would remove whatever file is in its place.
pub(super) struct UnixSocket {
    pub(super) descriptor: OwnedFd,
    pub(super) path: PathBuf,
}

/// The files of sockets, which outlive a process that does not remove them.
#[derive(Default)]
pub(super) struct SocketFiles(Vec<SocketFile>);

struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

impl UnixSocket {
    /// Listens on every Unix socket of the settings.
    pub(super) fn bind_all(
        settings: &ProxySettings,
    ) -> Result<(Vec<Self>, SocketFiles), SocketError> {
        let (mut sockets, mut files) = (Vec::new(), SocketFiles::default());
        for path in unix_paths(settings) {
            let bound = Self::bind(path, settings.socket_mode);
            let (socket, file) = bound.map_err(|why| SocketError { path: path.to_owned(), why })?;
            sockets.push(socket);
            files.0.push(file);
        }
        Ok((sockets, files))
    }

    fn bind(path: &Path, mode: u32) -> io::Result<(Self, SocketFile)> {
        if is_stale(path)? {
            fs::remove_file(path)?;
        }
        let descriptor = new_socket()?;
        bind(&descriptor, &SocketAddrUnix::new(path)?)?;
        // Before anybody can connect.
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        listen(&descriptor, BACKLOG)?;
        let file = SocketFile { path: path.to_owned(), identity: identity(path)? };
        Ok((Self { descriptor, path: path.to_owned() }, file))
    }
}

/// Checks that the Unix sockets of the settings can be bound.
///
/// # Errors
/// When another file is in the place of one, or somebody listens there.
pub fn check_sockets(settings: &ProxySettings) -> Result<(), SocketError> {
    unix_paths(settings).try_for_each(|path| {
        is_stale(path).map(drop).map_err(|why| SocketError { path: path.to_owned(), why })
    })
}

fn unix_paths(settings: &ProxySettings) -> impl Iterator<Item = &Path> {
    settings.listen.iter().filter_map(|address| match address {
        ListenAddress::Unix(path) => Some(path.as_path()),
        ListenAddress::Tcp(_) => None,
    })
}

/// Whether a socket is there that nobody listens on: what a process leaves that was killed.
fn is_stale(path: &Path) -> io::Result<bool> {
    let kind = match fs::symlink_metadata(path) {
        Ok(found) => found.file_type(),
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(why) => return Err(why),
    };
    if !kind.is_socket() {
        let why = "a file is there that is no socket";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
    }
    match connect(new_socket()?, &SocketAddrUnix::new(path)?) {
        Err(Errno::CONNREFUSED) => Ok(true),
        // AGAIN: whoever listens there has much to do.
        Ok(()) | Err(Errno::AGAIN) => {
            let why = "another process listens there";
            Err(io::Error::new(io::ErrorKind::AddrInUse, why))
        }
        Err(why) => Err(why.into()),
    }
}

fn new_socket() -> Result<OwnedFd, Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(path)?;
    Ok((found.dev(), found.ino()))
}

impl SocketFiles {
    /// Removes them, unless another process has put its own in their place.
    pub(super) fn remove(&self) {
        for SocketFile { path, identity: ours } in &self.0 {
            if identity(path).is_ok_and(|there| there == *ours)
                && let Err(why) = fs::remove_file(path)
            {
                tracing::warn!(path = %path.display(), %why, "cannot remove the Unix socket");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_has_its_mode_when_the_first_can_connect() {
        let folder = tempfile::tempdir().expect("a folder");
        for mode in [0o600, 0o666] {
            let path = folder.path().join(mode.to_string());
            let bound = UnixSocket::bind(&path, mode).expect("a socket");
            let found = fs::symlink_metadata(&path).expect("a file").permissions().mode();
            assert_eq!(found & 0o777, mode);
            drop(bound);
        }
    }

    #[test]
    fn the_socket_of_a_process_with_much_to_do_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("busy");
        let (busy, address) = (new_socket().expect("a socket"), SocketAddrUnix::new(&path));
        let address = address.expect("an address");
        bind(&busy, &address).expect("bound");
        listen(&busy, 0).expect("listening");
        let mut waiting = Vec::new();
        let full = loop {
            let next = new_socket().expect("a socket");
            match connect(&next, &address) {
                Ok(()) => waiting.push(next),
                Err(why) => break why,
            }
        };
        assert_eq!(full, Errno::AGAIN);
        let refused = UnixSocket::bind(&path, 0o600).err().expect("refused");
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        assert!(path.exists());
    }
}
