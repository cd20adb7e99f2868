//! The disk is full in the middle of a login: nothing is by half, and it goes on when there is room.
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::kills::{Came, Site, come_to_code, give_code};
use crate::support::program::Program;

/// What SQLite writes at least: a page of its write-ahead log.
const PAGE: u64 = 4096;
/// More pages than a login writes.
const PAGES: u64 = 40;

/// Room that is there or not.
trait Disk {
    /// Leaves room for so many bytes.
    fn fill(&self, program: &Program, room: u64);
    fn free(&self, program: &Program);
}

/// Files that grow no longer (`RLIMIT_FSIZE`), for one program.
struct Limited;

impl Disk for Limited {
    fn fill(&self, program: &Program, room: u64) {
        let size = |name| fs::metadata(program.file(name)).map_or(0, |file| file.len());
        program.limit_files(Some(size("doorcode.db").max(size("doorcode.db-wal")) + room));
    }

    fn free(&self, program: &Program) {
        program.limit_files(None);
    }
}

/// A small file system that a file of the test's own fills.
struct Small(PathBuf);

impl Disk for Small {
    fn fill(&self, _: &Program, room: u64) {
        let mut ballast = OpenOptions::new().create(true).append(true).open(&self.0).unwrap();
        let mut size = 0;
        for step in [1 << 20, PAGE] {
            let bytes = vec![0; usize::try_from(step).unwrap()];
            while ballast.write_all(&bytes).is_ok() {
                size += step;
            }
        }
        ballast.set_len(size.saturating_sub(room)).unwrap();
    }

    fn free(&self, _: &Program) {
        fs::remove_file(&self.0).unwrap();
    }
}

/// One login for each number of pages that there is room for.
fn log_in_without_room(site: &Site, disk: &impl Disk) {
    let (mut refused, mut taken) = (0, 0);
    for pages in (0..=PAGES).step_by(2) {
        let name = format!("room for {pages} pages");
        let before = site.rows();
        let n = usize::try_from(pages).unwrap();
        let mut came = come_to_code(&site.program, n);
        disk.fill(&site.program, pages * PAGE);
        give_code(&mut came);
        let here = site.is_whole(before, came.signed_in, &name);
        let Came { signed_in, .. } = came;
        (refused, taken) = (refused + u8::from(!signed_in), taken + u8::from(signed_in));
        assert_eq!(came.browser.get("/orders").status == 200, signed_in, "{name}");
        disk.free(&site.program);
        assert_eq!(site.is_whole(before, signed_in, &name), here, "{name}");
        // The right code was not used up by being refused.
        give_code(&mut came);
        assert!(came.signed_in, "{name}: {}", site.program.printed());
        assert_eq!(site.is_whole(before, true, &name), 1, "{name}");
        came.browser.get("/orders").is(200);
    }
    assert!(refused > 0, "there was always room");
    assert!(taken > 0, "there was never room");
}

#[test]
fn a_file_that_cannot_grow_in_the_middle_of_logins_leaves_nothing_by_half() {
    // Without the signal a write fails as on a full disk.
    let program = Program::with_files("-S -f unlimited && trap '' XFSZ", "error", &[]);
    log_in_without_room(&Site::of(program), &Limited);
}

/// `TMPDIR` must be a small file system of its own, as `tests/long` makes it.
#[test]
#[ignore = "tests/long"]
fn a_disk_that_is_full_in_the_middle_of_logins_leaves_nothing_by_half() {
    let folder = std::env::temp_dir();
    assert!(is_small(&folder), "TMPDIR={} is no small tmpfs", folder.display());
    let program = Program::start("error");
    log_in_without_room(&Site::of(program), &Small(folder.join("ballast")));
}

fn is_small(folder: &Path) -> bool {
    let told = std::process::Command::new("df")
        .args(["--block-size=1M", "--output=fstype,size"])
        .arg(folder)
        .output()
        .expect("df");
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let last = told.lines().last().unwrap_or_default();
    let (kind, size) = last.split_once(' ').unwrap_or_default();
    kind == "tmpfs" && size.trim().parse().is_ok_and(|size: u32| size <= 64)
}
