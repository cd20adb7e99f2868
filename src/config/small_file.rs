//! Reads what a configuration names: files that people write, which are small and at rest.
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The longest that is read, bytes.
const LONGEST: u64 = 4 << 20;

/// The text of a file.
///
/// # Errors
/// When it cannot be read, is longer than 4 MiB, is no UTF-8, or is no regular file: to open a pipe or a
/// device may take for ever.
pub(super) fn read_text(path: &Path) -> io::Result<String> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    read_bounded(File::open(path)?)
}

/// The text of a file that may also be a pipe, such as `<(command)` of a shell.
///
/// # Errors
/// The same otherwise.
pub(super) fn read_text_or_pipe(path: &Path) -> io::Result<String> {
    read_bounded(File::open(path)?)
}

fn read_bounded(file: File) -> io::Result<String> {
    let mut text = String::new();
    if file.take(LONGEST + 1).read_to_string(&mut text)? as u64 > LONGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is longer than 4 MiB"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_not_read() {
        let said = |read: io::Result<String>| read.unwrap_err().to_string();
        let device = Path::new("/dev/zero");
        assert!(said(read_text(device)).contains("no regular file"));
        assert!(said(read_text_or_pipe(device)).contains("longer than 4 MiB"));
        assert_eq!(read_text(Path::new("/dev/none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
