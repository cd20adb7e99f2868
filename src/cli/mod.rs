//! The operator's front door: arguments in, exit codes out.
//! Does no work of its own: reads a configuration and hands it on.
mod arguments;
mod check;
mod notes;
mod widget;

use std::error::Error;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use clap::Parser;

use crate::config::{Config, Environment};
use crate::oauth::Usage;
use crate::system::Timestamp;
use arguments::{Arguments, Command, KeysCommand, Serve};

/// Whether something was done, and else why not.
pub type Done = Result<(), Box<dyn Error>>;

/// What there is to say, or why nothing was done.
pub type Told = Result<String, Box<dyn Error>>;

/// What a command may touch, passed in so that tests can look at it.
pub struct Surroundings<'a> {
    pub out: &'a mut dyn Write,
    pub err: &'a mut dyn Write,
    pub environment: &'a Environment<'a>,
    /// What certificates are judged by.
    pub now: Timestamp,
    /// Finds what a start would find wrong beyond the file, and changes nothing.
    pub examine: &'a dyn Fn(&Config) -> Done,
    /// Asks the server that runs with a configuration whether it is ready.
    pub health: &'a dyn Fn(&Config) -> Done,
    /// Lists the signing keys in the database of a configuration.
    pub keys: &'a dyn Fn(&Config) -> Told,
    /// Begins to replace them, or those of one use.
    pub rotate: &'a dyn Fn(&Config, Option<Usage>) -> Told,
    /// Runs the server until it ends.
    pub serve: &'a dyn Fn(Config) -> Done,
}

/// Fine.
pub const FINE: u8 = 0;
/// The configuration is wrong, or what was asked for failed.
pub const FAILED: u8 = 1;
/// The command line is wrong.
pub const USAGE: u8 = 2;

/// Does what `arguments` ask for (the first is the program's name) and gives the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, around: &mut Surroundings<'_>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(answer) => return tell(&answer, around),
    };
    match arguments.command.unwrap_or(Command::Serve(arguments.serve)) {
        Command::Serve(Serve { config }) => serve(config.as_deref(), around),
        Command::Check { file } => check::check(&file, around),
        Command::Widget { file } => answer(Some(&file), around, widget::tag),
        Command::Health(Serve { config }) => health(config.as_deref(), around),
        Command::Keys { command: None, of: Serve { config } } => {
            let keys = around.keys;
            answer(config.as_deref(), around, |config| keys(config))
        }
        Command::Keys { command: Some(KeysCommand::Rotate { usage, of }), .. } => {
            let rotate = around.rotate;
            answer(of.config.as_deref(), around, |config| rotate(config, usage))
        }
    }
}

/// Help and version are answers; everything else that clap says is about wrong usage.
fn tell(answer: &clap::Error, around: &mut Surroundings<'_>) -> u8 {
    let text = answer.render();
    if answer.use_stderr() {
        say(around.err, &text);
        USAGE
    } else {
        say(around.out, &text);
        FINE
    }
}

fn serve(file: Option<&Path>, around: &mut Surroundings<'_>) -> u8 {
    match read(file, around) {
        Some(config) => told((around.serve)(config), around),
        None => FAILED,
    }
}

fn health(file: Option<&Path>, around: &mut Surroundings<'_>) -> u8 {
    match read(file, around) {
        Some(config) => told((around.health)(&config), around),
        None => FAILED,
    }
}

fn answer(file: Option<&Path>, around: &mut Surroundings<'_>, ask: impl Fn(&Config) -> Told) -> u8 {
    let Some(config) = read(file, around) else { return FAILED };
    let done = ask(&config).map(|said| say(around.out, &said));
    told(done, around)
}

/// The configuration, or the demo's. `None`: its mistakes were told.
fn read(file: Option<&Path>, around: &mut Surroundings<'_>) -> Option<Config> {
    let config = match file {
        Some(file) => Config::load(file, around.environment),
        None => Config::demo(),
    };
    config.map_err(|problems| say(around.err, &format_args!("{problems}\n"))).ok()
}

fn told(done: Done, around: &mut Surroundings<'_>) -> u8 {
    match done {
        Ok(()) => FINE,
        Err(why) => {
            say(around.err, &format_args!("doorcode: {why}\n"));
            FAILED
        }
    }
}

/// A closed terminal is no reason to fail.
fn say(to: &mut dyn Write, text: &dyn std::fmt::Display) {
    let _ = write!(to, "{text}").and_then(|()| to.flush());
}
