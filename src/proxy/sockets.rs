//! The sockets that a server listens on. They are bound at the start, so that a mistake is told before
//! anything is opened, and listen when the server is made: a client that comes earlier is refused.
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::{fcntl_setfd, ioctl_fionbio};
use rustix::net::{
    AddressFamily, SocketAddrAny, SocketAddrUnix, SocketFlags, SocketType, bind, getsockname,
    listen, socket_with, sockopt,
};

use super::settings::{ListenAddress, ProxySettings};
use super::unix_socket::{self, SocketFile};

/// Connections that wait until they are accepted; Pingora raises it.
const BACKLOG: i32 = 1024;

/// Why a server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    #[error("{key}: cannot listen on {address}: {why}")]
    Bind { key: &'static str, address: ListenAddress, why: io::Error },
    #[error(
        "the service manager gives a socket at {0}, which neither server.listen nor \
         server.redirect_listen nor admin.listen names: write the address as it is here, or take the \
         socket away"
    )]
    NotNamed(ListenAddress),
    #[error("the sockets that were given to the process cannot be used: {0}")]
    Given(io::Error),
}

/// Sockets that listen already when the process starts.
#[derive(Default)]
pub struct GivenSockets {
    sockets: Vec<(ListenAddress, OwnedFd)>,
    /// By the process before this one; else by the service manager, whose files stay.
    by_predecessor: bool,
}

impl GivenSockets {
    /// Those of the service manager (`sd_listen_fds(3)`).
    ///
    /// # Errors
    /// When one is no socket that streams.
    pub fn by_service_manager() -> Result<Self, SocketError> {
        let mut given = listenfd::ListenFd::from_env();
        let taken = (0..given.len()).map(|at| match given.take_tcp_listener(at) {
            Ok(socket) => Ok(socket.map(OwnedFd::from)),
            Err(_) => Ok(given.take_unix_listener(at)?.map(OwnedFd::from)),
        });
        let taken = taken.filter_map(io::Result::transpose).collect::<io::Result<_>>();
        Self::new(taken.map_err(SocketError::Given)?, false)
    }

    /// Those of the process that this one succeeds.
    pub(super) fn by_predecessor(sockets: Vec<OwnedFd>) -> Result<Self, SocketError> {
        Self::new(sockets, true)
    }

    fn new(sockets: Vec<OwnedFd>, by_predecessor: bool) -> Result<Self, SocketError> {
        let with_address = |socket| {
            fcntl_setfd(&socket, rustix::io::FdFlags::CLOEXEC)?;
            // As Pingora's runtime needs them.
            ioctl_fionbio(&socket, true)?;
            Ok((address_of(&socket)?, socket))
        };
        let sockets = sockets.into_iter().map(with_address).collect::<io::Result<_>>();
        Ok(Self { sockets: sockets.map_err(SocketError::Given)?, by_predecessor })
    }

    fn take(&mut self, address: &ListenAddress) -> Option<OwnedFd> {
        let at = self.sockets.iter().position(|(given, _)| given == address)?;
        Some(self.sockets.swap_remove(at).1)
    }
}

/// The sockets of a server.
pub struct Sockets {
    /// Until the listeners close.
    open: Mutex<Vec<Socket>>,
    socket_mode: u32,
}

struct Socket {
    /// The key that names it.
    key: &'static str,
    address: ListenAddress,
    /// `None`: a Unix socket that is not bound yet. Whoever starts beside this process would take one
    /// that does not listen for what a dead process left.
    descriptor: Option<OwnedFd>,
    /// Removed when the listeners close.
    file: Option<SocketFile>,
}

pub(super) const LISTEN: &str = "server.listen";
pub(super) const REDIRECT: &str = "server.redirect_listen";
pub(super) const ADMIN: &str = "admin.listen";

impl Sockets {
    /// Binds every TCP address of the settings that was not given, and checks that every Unix socket
    /// can be bound.
    ///
    /// # Errors
    /// When an address cannot be bound, or the service manager gives one that is not named.
    pub fn bind(settings: &ProxySettings, mut given: GivenSockets) -> Result<Self, SocketError> {
        let mut open = Vec::new();
        for (key, address) in addresses(settings) {
            let mut socket = Socket { key, address, descriptor: None, file: None };
            let bound = match given.take(&socket.address) {
                Some(descriptor) => socket.take_over(descriptor, given.by_predecessor),
                None => socket.bind_early(),
            };
            bound.map_err(|why| socket.failed(why))?;
            open.push(socket);
        }
        match given.sockets.into_iter().next() {
            Some((address, _)) if !given.by_predecessor => Err(SocketError::NotNamed(address)),
            _ => Ok(Self { open: Mutex::new(open), socket_mode: settings.socket_mode }),
        }
    }

    /// The admin listener, which listens from now on.
    ///
    /// # Errors
    /// When another process listens there, or no file is left.
    pub fn admin(&self) -> Result<TcpListener, SocketError> {
        self.listen_at(|key| key == ADMIN)?;
        let listener = self.of(ADMIN)?.pop().map(|(_, descriptor)| descriptor.into());
        listener.ok_or_else(|| SocketError::Given(io::ErrorKind::NotFound.into()))
    }

    /// From now on clients may connect, and wait until they are accepted.
    pub(super) fn listen(&self) -> Result<(), SocketError> {
        self.listen_at(|_| true)
    }

    fn listen_at(&self, which: impl Fn(&str) -> bool) -> Result<(), SocketError> {
        self.open().iter_mut().filter(|socket| which(socket.key)).try_for_each(|socket| {
            socket.listen(self.socket_mode).map_err(|why| socket.failed(why))
        })
    }

    /// Duplicates of those that a key names, with their addresses as Pingora writes them.
    pub(super) fn of(&self, key: &str) -> Result<Vec<(String, OwnedFd)>, SocketError> {
        let open = self.open();
        let named = open.iter().filter(|socket| socket.key == key);
        named.map(|socket| Ok((name(&socket.address), socket.duplicate()?))).collect()
    }

    /// Duplicates of all, for the process that succeeds this one.
    pub(super) fn all(&self) -> Result<Vec<OwnedFd>, SocketError> {
        self.open().iter().map(Socket::duplicate).collect()
    }

    /// Closes them.
    pub fn close(&self) {
        let files = self.open().drain(..).filter_map(|socket| socket.file).collect::<Vec<_>>();
        files.into_iter().for_each(SocketFile::remove);
    }

    /// Closes them here: another process has them, and their files.
    pub fn leave(&self) {
        self.open().clear();
    }

    fn open(&self) -> MutexGuard<'_, Vec<Socket>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Socket {
    fn take_over(&mut self, descriptor: OwnedFd, with_file: bool) -> io::Result<()> {
        if let ListenAddress::Unix(path) = &self.address
            && with_file
        {
            self.file = Some(SocketFile::at(path)?);
        }
        self.descriptor = Some(descriptor);
        Ok(())
    }

    fn bind_early(&mut self) -> io::Result<()> {
        match &self.address {
            ListenAddress::Tcp(address) => self.descriptor = Some(tcp(*address)?),
            ListenAddress::Unix(path) => drop(unix_socket::is_stale(path)?),
        }
        Ok(())
    }

    fn listen(&mut self, mode: u32) -> io::Result<()> {
        if let (None, ListenAddress::Unix(path)) = (&self.descriptor, &self.address) {
            self.descriptor = Some(unix_socket::bind_at(path, mode)?);
            self.file = Some(SocketFile::at(path)?);
        }
        self.descriptor.as_ref().map_or(Ok(()), |bound| Ok(listen(bound, BACKLOG)?))
    }

    fn duplicate(&self) -> Result<OwnedFd, SocketError> {
        let bound = self.descriptor.as_ref().ok_or_else(|| io::ErrorKind::NotConnected.into());
        bound.and_then(OwnedFd::try_clone).map_err(|why| self.failed(why))
    }

    fn failed(&self, why: io::Error) -> SocketError {
        SocketError::Bind { key: self.key, address: self.address.clone(), why }
    }
}

/// Every address of the settings, with its key.
fn addresses(
    settings: &ProxySettings,
) -> impl Iterator<Item = (&'static str, ListenAddress)> + use<'_> {
    let listen = settings.listen.iter().map(|address| (LISTEN, address.clone()));
    let redirect = settings.redirect_listen.iter();
    let redirect = redirect.map(|address| (REDIRECT, ListenAddress::Tcp(*address)));
    listen.chain(redirect).chain([(ADMIN, ListenAddress::Tcp(settings.admin))])
}

/// As Pingora looks for it.
pub(super) fn name(address: &ListenAddress) -> String {
    match address {
        ListenAddress::Tcp(address) => address.to_string(),
        ListenAddress::Unix(path) => path.to_string_lossy().into_owned(),
    }
}

/// A socket that does not listen yet.
fn tcp(address: SocketAddr) -> io::Result<OwnedFd> {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    // Connections of a process before this one may be closing still.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &address)?;
    Ok(socket)
}

fn address_of(socket: &OwnedFd) -> io::Result<ListenAddress> {
    let address: SocketAddrAny = getsockname(socket)?;
    if let Ok(tcp) = SocketAddr::try_from(address.clone()) {
        return Ok(ListenAddress::Tcp(tcp));
    }
    let unix = SocketAddrUnix::try_from(address)?;
    let path = unix.path().ok_or(io::ErrorKind::InvalidInput)?;
    Ok(ListenAddress::Unix(Path::new(path.to_str().unwrap_or_default()).to_owned()))
}
