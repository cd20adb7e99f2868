//! The commands that do one thing with a configuration and print what comes of it.
use super::arguments::{
    AttemptArguments, FileArguments, KeysCommand, PhoneArguments, PrintedCommand, SecretCommand,
    SmsCommand, StatsArguments, UsersCommand, one_file,
};
use super::context::{CliDeps, CommandResult};
use super::widget;
use crate::config::{Config, Purpose};
use crate::domain::PhoneNumber;

/// What a command does with its configuration.
type Run<'a> = Box<dyn Fn(&Config) -> CommandResult + 'a>;

/// A command that prints what it returns.
pub(super) struct Job<'a> {
    /// As it is typed.
    pub(super) name: &'static str,
    pub(super) purpose: Purpose,
    pub(super) file: FileArguments,
    pub(super) run: Run<'a>,
}

/// What is done for a command.
///
/// # Errors
///
/// A usage error when two files are named.
pub(super) fn job<'a>(
    command: PrintedCommand,
    around: &CliDeps<'a>,
) -> Result<Job<'a>, clap::Error> {
    let stored = |name, file, run| Job { name, purpose: Purpose::Store, file, run };
    let sealed = |name, file, run| Job { name, purpose: Purpose::Sealed, file, run };
    Ok(match command {
        PrintedCommand::Widget(file) => {
            Job { name: "widget", purpose: Purpose::Pages, file, run: Box::new(widget::tag) }
        }
        PrintedCommand::Reload(file) => stored("reload", file, Box::new(around.reload)),
        PrintedCommand::Upgrade(file) => stored("upgrade", file, Box::new(around.upgrade)),
        PrintedCommand::Attempt(AttemptArguments { reference, reveal, file }) => {
            let (attempt, who) = (around.attempt, reveal.then(|| user(around)));
            let run = move |config: &Config| attempt(config, reference, who.as_deref());
            sealed("attempt 7K3M9Q2D", file, Box::new(run))
        }
        PrintedCommand::Text(PhoneArguments { phone, file }) => {
            let text = around.text;
            let run = move |config: &Config| text(config, &known(config, &phone));
            Job { name: "text +…", purpose: Purpose::Texts, file, run: Box::new(run) }
        }
        PrintedCommand::Sms {
            command: SmsCommand::Stats(StatsArguments { since, json, file }),
        } => {
            let (stats, since) = (around.text_stats, since.at(around.now));
            let run = move |config: &Config| stats(config, since, json);
            stored("sms stats", file, Box::new(run))
        }
        PrintedCommand::Nodes(file) => stored("nodes", file, Box::new(around.nodes)),
        PrintedCommand::Migrate(file) => sealed("migrate", file, Box::new(around.migrate)),
        PrintedCommand::Keys { command: None, file } => stored("keys", file, Box::new(around.keys)),
        PrintedCommand::Keys {
            command: Some(KeysCommand::Rotate { usage, file: given }),
            file,
        } => {
            let given = FileArguments {
                file: one_file([file.file, file.config, given.file])?,
                config: given.config,
            };
            let rotate = around.rotate;
            sealed("keys rotate", given, Box::new(move |config| rotate(config, usage)))
        }
        PrintedCommand::Secret { command: SecretCommand::Rotate(file) } => {
            sealed("secret rotate", file, Box::new(around.rotate_secret))
        }
        PrintedCommand::Users { command } => {
            let (name, file, run) = users(command, around);
            sealed(name, file, run)
        }
    })
}

/// The name of a command about users, its file, and what it does.
fn users<'a>(
    command: UsersCommand,
    around: &CliDeps<'a>,
) -> (&'static str, FileArguments, Run<'a>) {
    let (name, command, PhoneArguments { phone, file }) = match command {
        UsersCommand::Find { ending, file } => {
            let find = around.find;
            return ("users find 0123", file, Box::new(move |config| find(config, &ending)));
        }
        UsersCommand::Block(person) => ("users block +…", around.block, person),
        UsersCommand::Unblock(person) => ("users unblock +…", around.unblock, person),
        UsersCommand::Show(person) => ("users show +…", around.show, person),
    };
    (name, file, Box::new(move |config| command(config, &known(config, &phone))))
}

/// A number of the command line, which was read before the file's `numbers.accept`.
fn known(config: &Config, phone: &PhoneNumber) -> PhoneNumber {
    config.login.accepted_numbers.recognize(phone.clone())
}

/// Of a user, in characters: Linux has names of 32.
const LONGEST_NAME: usize = 64;

/// Who runs the command, also where it is run by sudo. The name is what the environment says, without
/// what could be taken for more of the record; the number is what the system says.
fn user(around: &CliDeps<'_>) -> String {
    let variables = ["SUDO_USER", "USER", "LOGNAME"].into_iter();
    let mut found = variables.filter_map(|name| (around.environment)(name));
    let name = found.find(|name| !name.is_empty()).unwrap_or_else(|| "an unknown user".to_owned());
    let plain = |c: char| if c.is_alphanumeric() || " .-_@\\".contains(c) { c } else { '?' };
    let name: String = name.chars().take(LONGEST_NAME).map(plain).collect();
    format!("{name} (user id {})", rustix::process::getuid().as_raw())
}
