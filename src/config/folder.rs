//! The files of `[brand]`, read whole within limits of size and number.
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use bytes::Bytes;

use crate::pages::views::{BrandFile, BrandFolder, Picture};

/// The largest file, in bytes.
const MAX_BYTES: u64 = 256 * 1024;
/// The most files in one folder, against a folder that is named by mistake.
const MAX_FILES: usize = 200;

type FilesOf = fn(&mut BrandFolder) -> &mut Vec<BrandFile>;

/// The subfolders, each with the list that its files belong to.
const PARTS: &[(&str, FilesOf)] = &[
    ("pages", |folder| &mut folder.pages),
    ("words", |folder| &mut folder.words),
    ("assets", |folder| &mut folder.assets),
];

/// Reads the brand folder; also returns the mistakes in it.
pub(super) fn folder(path: &Path) -> (BrandFolder, Vec<String>) {
    let mut folder = BrandFolder::default();
    let mut wrong = Vec::new();
    match path.canonicalize().and_then(|root| Ok((names(&root)?, root))) {
        Ok((names, root)) => {
            for name in names {
                match PARTS.iter().find(|(part, _)| *part == name) {
                    Some((_, files)) => part(&root, &name, files(&mut folder), &mut wrong),
                    None => wrong.push(format!("{name}: is not one of pages, words, assets")),
                }
            }
        }
        Err(why) => wrong.push(format!("{} cannot be read: {why}", path.display())),
    }
    (folder, wrong)
}

fn part(root: &Path, part: &str, files: &mut Vec<BrandFile>, wrong: &mut Vec<String>) {
    let folder = root.join(part);
    let names = match inside(root, &folder).and_then(|()| text(names(&folder))) {
        Ok(names) => names,
        Err(why) => return wrong.push(format!("{part}: {why}")),
    };
    if names.len() > MAX_FILES {
        return wrong
            .push(format!("{part}: has {} files; at most {MAX_FILES} are allowed", names.len()));
    }
    for name in names {
        let path = folder.join(&name);
        match inside(root, &path).and_then(|()| file(&path)) {
            Ok(bytes) => files.push(BrandFile { name, bytes }),
            Err(why) => wrong.push(format!("{part}/{name}: {why}")),
        }
    }
}

/// Sorted, without hidden files, which belong to other programs.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let name = |entry: io::Result<fs::DirEntry>| {
        entry.map(|entry| entry.file_name().to_string_lossy().into_owned())
    };
    let mut names = fs::read_dir(folder)?.map(name).collect::<io::Result<Vec<_>>>()?;
    names.retain(|name| !name.starts_with('.'));
    names.sort_unstable();
    Ok(names)
}

/// Refuses symbolic links out of the folder. Links within it are allowed: Kubernetes mounts files
/// that way.
fn inside(root: &Path, path: &Path) -> Result<(), String> {
    let real = text(path.canonicalize())?;
    real.starts_with(root)
        .then_some(())
        .ok_or_else(|| "is a link to a file outside the folder".to_owned())
}

fn file(path: &Path) -> Result<Bytes, String> {
    let about = text(fs::metadata(path))?;
    if !about.is_file() {
        return Err("is not a file".to_owned());
    }
    let mut bytes = Vec::new();
    let mut whole = text(File::open(path))?.take(MAX_BYTES + 1);
    text(whole.read_to_end(&mut bytes))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("is larger than {} KiB", MAX_BYTES / 1024));
    }
    Ok(bytes.into())
}

fn text<T>(result: io::Result<T>) -> Result<T, String> {
    result.map_err(|why| format!("cannot be read: {why}"))
}

pub(super) fn picture(path: &Path) -> Result<Picture, String> {
    let name = path.display();
    let bytes = file(path).map_err(|why| format!("{name}: {why}"))?;
    Picture::new(bytes).map_err(|why| format!("{name}: is {why}"))
}
