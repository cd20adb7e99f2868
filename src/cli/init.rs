//! `doorcode init`: a first configuration file.
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::arguments::InitArguments;
use super::context::{CliDeps, FAILED, FINE, say};
use crate::config::{FirstFile, FirstQuestion, QUESTIONS};

/// The file names no secret, but who may sign in.
const MODE: u32 = 0o640;

pub(super) fn init(given: &InitArguments, around: &mut CliDeps<'_>) -> u8 {
    let path = given.file.as_path();
    if path.exists() {
        return fail(around, &format!("{} is there already; name another file", path.display()));
    }
    let mut file = FirstFile::default();
    for question in QUESTIONS {
        let applies = file.asks(question);
        let answered = match given.given(question.name) {
            Some(_) if !applies => Err("does not fit the other answers".to_owned()),
            Some(answer) => file.answer(question, answer),
            None if applies => ask(&mut file, question, around),
            None => Ok(()),
        };
        if let Err(why) = answered {
            return fail(around, &format!("--{}: {why}", question.name));
        }
    }
    if let Err(why) = write(path, &file.text()) {
        return fail(around, &format!("cannot write {}: {why}", path.display()));
    }
    say(around.out, &next_steps(path, &file));
    FINE
}

fn fail(around: &mut CliDeps<'_>, why: &str) -> u8 {
    say(around.err, &format_args!("doorcode: {why}\n"));
    FAILED
}

/// Asks until the answer is right. With nobody to ask, the default is taken.
fn ask(
    file: &mut FirstFile,
    question: &FirstQuestion,
    around: &mut CliDeps<'_>,
) -> Result<(), String> {
    let default = file.default_of(question);
    loop {
        let Some(typed) = (around.ask)(&format!("{} [{default}]: ", question.text)) else {
            return file.answer(question, default);
        };
        let answer = if typed.is_empty() { default } else { &typed };
        match file.answer(question, answer) {
            Ok(()) => return Ok(()),
            Err(why) => say(around.err, &format_args!("  {why}\n")),
        }
    }
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
    file.write_all(text.as_bytes())
}

fn next_steps(path: &Path, file: &FirstFile) -> String {
    let path = path.display();
    let token = if file.is_twilio() { "  export TWILIO_AUTH_TOKEN=…\n" } else { "" };
    format!(
        "{path} is written. Next:\n{token}  doorcode check {path}\n  doorcode --config {path}\n"
    )
}
