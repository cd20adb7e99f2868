//! The files that `brand` names: read whole, and never more than the operator can have meant.
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use bytes::Bytes;

use crate::pages::views::{Folder, OwnFile, Picture};

/// The most that one file may hold.
const LARGEST: u64 = 256 * 1024;
/// The most files in one folder: one of photographs is not meant.
const MOST: usize = 200;

type FilesOf = fn(&mut Folder) -> &mut Vec<OwnFile>;

/// The folders that there may be, and where their files go.
const PARTS: &[(&str, FilesOf)] = &[
    ("pages", |folder| &mut folder.pages),
    ("words", |folder| &mut folder.words),
    ("assets", |folder| &mut folder.assets),
];

/// Reads the folder of the brand; tells each thing that does not belong in it.
pub(super) fn folder(path: &Path) -> (Folder, Vec<String>) {
    let mut folder = Folder::default();
    let mut wrong = Vec::new();
    match path.canonicalize().and_then(|root| Ok((names(&root)?, root))) {
        Ok((names, root)) => {
            for name in names {
                match PARTS.iter().find(|(part, _)| *part == name) {
                    Some((_, files)) => part(&root, &name, files(&mut folder), &mut wrong),
                    None => wrong.push(format!("{name}: is none of pages, words, assets")),
                }
            }
        }
        Err(why) => wrong.push(format!("{} cannot be read: {why}", path.display())),
    }
    (folder, wrong)
}

fn part(root: &Path, part: &str, files: &mut Vec<OwnFile>, wrong: &mut Vec<String>) {
    let folder = root.join(part);
    let names = match inside(root, &folder).and_then(|()| text(names(&folder))) {
        Ok(names) => names,
        Err(why) => return wrong.push(format!("{part}: {why}")),
    };
    if names.len() > MOST {
        return wrong.push(format!("{part}: has {} files; {MOST} are the most", names.len()));
    }
    for name in names {
        let path = folder.join(&name);
        match inside(root, &path).and_then(|()| file(&path)) {
            Ok(bytes) => files.push(OwnFile { name, bytes }),
            Err(why) => wrong.push(format!("{part}/{name}: {why}")),
        }
    }
}

/// In order, and without the hidden ones, which belong to other programs.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let name = |entry: io::Result<fs::DirEntry>| {
        entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
    };
    let mut names = fs::read_dir(folder)?.map(name).collect::<io::Result<Vec<_>>>()?;
    names.retain(|name| !name.starts_with('.'));
    names.sort_unstable();
    Ok(names)
}

/// A link may lead to another file of the folder (Kubernetes mounts them so), never out of it.
fn inside(root: &Path, path: &Path) -> Result<(), String> {
    let real = text(path.canonicalize())?;
    real.starts_with(root).then_some(()).ok_or_else(|| "is a link out of the folder".to_owned())
}

fn file(path: &Path) -> Result<Bytes, String> {
    let about = text(fs::metadata(path))?;
    if !about.is_file() {
        return Err("is not a file".to_owned());
    }
    let mut bytes = Vec::new();
    let mut whole = text(File::open(path))?.take(LARGEST + 1);
    text(whole.read_to_end(&mut bytes))?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("is larger than {} KiB", LARGEST / 1024));
    }
    Ok(bytes.into())
}

fn text<T>(result: io::Result<T>) -> Result<T, String> {
    result.map_err(|why| format!("cannot be read: {why}"))
}

pub(super) fn picture(path: &Path) -> Result<Picture, String> {
    let told = |why: String| format!("{}: {why}", path.display());
    let bytes = file(path).map_err(told)?;
    Picture::new(bytes).map_err(|why| told(format!("is {why}")))
}
