//! The command line: arguments in, exit codes out.
//! Does no work of its own: reads the configuration and calls what was passed in.
mod arguments;
mod check;
mod context;
mod notes;
mod text_notes;
mod widget;

use std::ffi::OsString;
use std::path::Path;

use clap::Parser;

use crate::config::Config;
use arguments::{Arguments, Command, KeysCommand, PhoneArgument, Serve, UsersCommand};
use context::say;

pub use context::{CliDeps, CommandResult, Done, FAILED, FINE, USAGE};

/// Runs the command of `arguments`, the first of which is the program's name, and returns the exit
/// code.
pub fn run(arguments: impl IntoIterator<Item = OsString>, around: &mut CliDeps<'_>) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(message) => return print_clap(&message, around),
    };
    match arguments.command.unwrap_or(Command::Serve(arguments.serve)) {
        Command::Serve(Serve { config }) => serve(config.as_deref(), around),
        Command::Check { file } => check::check(&file, around),
        Command::Widget { file } => print(Some(&file), around, widget::tag),
        Command::Health(Serve { config }) => health(config.as_deref(), around),
        Command::Keys { command: None, of: Serve { config } } => {
            let keys = around.keys;
            print(config.as_deref(), around, |config| keys(config))
        }
        Command::Keys { command: Some(KeysCommand::Rotate { usage, of }), .. } => {
            let rotate = around.rotate;
            print(of.config.as_deref(), around, |config| rotate(config, usage))
        }
        Command::Users { command } => {
            let (command, PhoneArgument { phone, of }) = match command {
                UsersCommand::Block(person) => (around.block, person),
                UsersCommand::Unblock(person) => (around.unblock, person),
                UsersCommand::Show(person) => (around.show, person),
            };
            print(of.config.as_deref(), around, |config| command(config, &phone))
        }
    }
}

/// Prints what clap has to say: help and version on standard output, usage errors on standard
/// error.
fn print_clap(message: &clap::Error, around: &mut CliDeps<'_>) -> u8 {
    let text = message.render();
    if message.use_stderr() {
        say(around.err, &text);
        USAGE
    } else {
        say(around.out, &text);
        FINE
    }
}

fn serve(file: Option<&Path>, around: &mut CliDeps<'_>) -> u8 {
    match read(file, around) {
        Some(config) => exit_code((around.serve)(config), around),
        None => FAILED,
    }
}

fn health(file: Option<&Path>, around: &mut CliDeps<'_>) -> u8 {
    match read(file, around) {
        Some(config) => exit_code((around.health)(&config), around),
        None => FAILED,
    }
}

/// Runs a command that prints its output.
fn print(
    file: Option<&Path>,
    around: &mut CliDeps<'_>,
    command: impl Fn(&Config) -> CommandResult,
) -> u8 {
    let Some(config) = read(file, around) else { return FAILED };
    let done = command(&config).map(|text| say(around.out, &text));
    exit_code(done, around)
}

/// The configuration, or the demo's. `None` if it is invalid; its mistakes have been printed.
fn read(file: Option<&Path>, around: &mut CliDeps<'_>) -> Option<Config> {
    let config = match file {
        Some(file) => Config::load(file, around.environment),
        None => Config::demo(),
    };
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
