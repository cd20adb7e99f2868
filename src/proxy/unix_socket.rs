use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, socket_with,
};

/// The file of a socket, which outlives a process that does not remove it.
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

/// A socket at a path, which does not listen yet. Pingora would remove whatever file is in its place.
///
/// # Errors
/// When another file is there, or somebody listens there.
pub(super) fn bind_at(path: &Path, mode: u32) -> io::Result<OwnedFd> {
    if is_stale(path)? {
        fs::remove_file(path)?;
    }
    let descriptor = new_socket()?;
    bind(&descriptor, &SocketAddrUnix::new(path)?)?;
    // Before anybody can connect.
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    Ok(descriptor)
}

/// Whether a socket is there that nobody listens on: what a process leaves that was killed.
///
/// # Errors
/// When another file is there, or somebody listens there.
pub(super) fn is_stale(path: &Path) -> io::Result<bool> {
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

impl SocketFile {
    pub(super) fn at(path: &Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: identity(path)? })
    }

    /// Removes it, unless another process has put its own in its place.
    pub(super) fn remove(self) {
        let Self { path, identity: ours } = self;
        if identity(&path).is_ok_and(|there| there == ours)
            && let Err(why) = fs::remove_file(&path)
        {
            tracing::warn!(path = %path.display(), %why, "cannot remove the Unix socket");
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::net::listen;

    use super::*;

    #[test]
    fn a_socket_has_its_mode_when_the_first_can_connect() {
        let folder = tempfile::tempdir().expect("a folder");
        for mode in [0o600, 0o666] {
            let path = folder.path().join(mode.to_string());
            let bound = bind_at(&path, mode).expect("a socket");
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
        let refused = bind_at(&path, 0o600).expect_err("refused");
        assert_eq!(refused.kind(), io::ErrorKind::AddrInUse);
        assert!(path.exists());
    }
}
