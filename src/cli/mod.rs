//! The command line: arguments in, exit codes out.
//! Does no work of its own: reads the configuration and calls what was passed in.
mod arguments;
mod asked;
mod check;
mod context;
mod default_file;
mod explain;
mod help;
mod init;
mod notes;
mod phone;
mod printed;
mod since;
mod text_notes;
mod widget;

use std::ffi::OsString;
use std::path::Path;

use clap::{CommandFactory as _, Parser as _};

use crate::config::{Config, ConfigProblems, Purpose};
use crate::store::Database;
use arguments::{
    Arguments, Command, DoctorArguments, ExplainArguments, FileArguments, StoreCommand, hint,
    lacks_file, one_file, takes_no_file,
};
use asked::AskedArguments;
use context::say;
use default_file::default_file;
use printed::{Job, job};

pub use context::{
    CliDeps, CommandResult, DoctorPart, DoctorResult, Done, FAILED, FINE, STOPPED, USAGE,
};
pub use default_file::SYSTEM_FILE;

/// The command line, for its man pages and shell completions.
#[must_use]
pub fn command() -> clap::Command {
    Arguments::command()
}

/// Runs the command of `arguments`, the first of which is the program's name, and returns the exit
/// code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, around: &mut CliDeps<'_>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(message) => return print_clap(&message, around),
    };
    run_command(arguments, around).unwrap_or_else(|message| print_clap(&message, around))
}

fn run_command(arguments: Arguments, around: &mut CliDeps<'_>) -> Result<u8, clap::Error> {
    let Arguments { command, config } = arguments;
    let default = default_file(around);
    let Some(command) = command else { return Ok(serve(config.or(default).as_deref(), around)) };
    let named = |given: FileArguments| {
        one_file([config.clone(), given.file, given.config]).map(|file| file.or(default.clone()))
    };
    let needed = |name: &str, given| named(given)?.ok_or_else(|| lacks_file(name));
    Ok(match command {
        Command::Serve(file) => serve(named(file)?.as_deref(), around),
        Command::Demo => match config {
            Some(file) => return Err(takes_no_file("demo", &file)),
            None => serve(None, around),
        },
        Command::Init(given) => init::init(&given, around),
        Command::Check(file) => check::check(&needed("check", file)?, around),
        Command::Explain(ExplainArguments { asked, file }) => {
            explain(&asked, &needed("explain", file)?, around)
        }
        Command::Doctor(DoctorArguments { attack, file }) => {
            doctor(attack, &needed("doctor", file)?, around)
        }
        Command::Health(file) => health(&needed("health", file)?, around),
        Command::Store { command: StoreCommand::Copy { from, to } } => copy(&from, &to, around),
        Command::Printed(command) => {
            let Job { name, purpose, file, run } = job(command, around)?;
            print((purpose, &needed(name, file)?), around, run)
        }
    })
}

/// Prints what clap has to say: help and version on standard output, usage errors on standard
/// error.
fn print_clap(message: &clap::Error, around: &mut CliDeps<'_>) -> u8 {
    let text = message.render();
    if message.use_stderr() {
        say(around.err, &text);
        say(around.err, &hint(message).unwrap_or_default());
        USAGE
    } else {
        say(around.out, &text);
        FINE
    }
}

/// Runs the server with a file, or the demo.
fn serve(file: Option<&Path>, around: &mut CliDeps<'_>) -> u8 {
    let config = match file {
        Some(file) => read(Purpose::Serve, file, around),
        None => told(Config::demo(), around),
    };
    match config {
        Some(config) => exit_code((around.serve)(config), around),
        None => FAILED,
    }
}

fn explain(asked: &AskedArguments, file: &Path, around: &mut CliDeps<'_>) -> u8 {
    let Some(config) = read(Purpose::Rules, file, around) else { return FAILED };
    let token = match asked.token.as_deref() {
        Some("-") => Some((around.line)().unwrap_or_default()),
        given => given.map(str::to_owned),
    };
    if token.as_deref() == Some("") {
        return exit_code(Err("the token is empty".into()), around);
    }
    match explain::explain(&config, asked, (token.as_deref(), around.token_holder)) {
        Ok((text, code)) => {
            say(around.out, &text);
            code
        }
        Err(why) => exit_code(Err(why), around),
    }
}

fn doctor(attack: bool, file: &Path, around: &mut CliDeps<'_>) -> u8 {
    let asks = (Purpose::Serve, DoctorPart::Ask);
    let (purpose, part) = if attack { (Purpose::Pages, DoctorPart::Attack) } else { asks };
    let Some(config) = read(purpose, file, around) else { return FAILED };
    let (run, out) = (around.doctor, &mut *around.out);
    match run(&config, part, &mut |text| say(out, &text)) {
        Ok(true) => FINE,
        Ok(false) => FAILED,
        Err(why) => exit_code(Err(why), around),
    }
}

fn health(file: &Path, around: &mut CliDeps<'_>) -> u8 {
    match read(Purpose::Store, file, around) {
        Some(config) => exit_code((around.health)(&config), around),
        None => FAILED,
    }
}

fn copy(from: &str, to: &str, around: &mut CliDeps<'_>) -> u8 {
    let (Some(from), Some(to)) = (database(from, around), database(to, around)) else {
        return FAILED;
    };
    let done = (around.copy)(&from, &to).map(|text| say(around.out, &text));
    exit_code(done, around)
}

/// The database of a URL or of a configuration file. `None`: its mistakes have been printed.
fn database(text: &str, around: &mut CliDeps<'_>) -> Option<Database> {
    match Database::parse(text) {
        Some(Ok(database)) => Some(database),
        Some(Err(why)) => {
            say(around.err, &format_args!("doorcode: a database {why}\n"));
            None
        }
        None => Some(read(Purpose::Store, Path::new(text), around)?.store.database),
    }
}

/// Runs a command that prints its output.
fn print(
    (purpose, file): (Purpose, &Path),
    around: &mut CliDeps<'_>,
    command: impl Fn(&Config) -> CommandResult,
) -> u8 {
    let Some(config) = read(purpose, file, around) else { return FAILED };
    let done = command(&config).map(|text| say(around.out, &text));
    exit_code(done, around)
}

/// `None` if the file is invalid; its mistakes have been printed.
fn read(purpose: Purpose, file: &Path, around: &mut CliDeps<'_>) -> Option<Config> {
    told(Config::load_for(purpose, file, around.environment), around)
}

/// Prints the mistakes, if there are any.
fn told(config: Result<Config, ConfigProblems>, around: &mut CliDeps<'_>) -> Option<Config> {
    config.map_err(|problems| say(around.err, &format_args!("{problems}\n"))).ok()
}

fn exit_code(done: Done, around: &mut CliDeps<'_>) -> u8 {
    match done {
        Ok(()) => FINE,
        Err(why) => {
            say(around.err, &format_args!("doorcode: {why}\n"));
            FAILED
        }
    }
}
