//! The long texts of `--help`.
/// What `--version` prints after the name. The date is that of the release of rlibphonenumber, which takes
/// over the metadata of libphonenumber as it is then.
pub(super) const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nphone numbers as of 2026-10-26 (libphonenumber 9.0.42); numbers.accept adds later ranges"
);

pub(super) const ABOUT: &str = "Puts SMS login in front of any web app";

pub(super) const LONG_ABOUT: &str = "\
Puts SMS login in front of any web app.

Doorcode is a reverse proxy: visitors of a protected page get a login page and enter the code that
is texted to them; from then on their requests reach the app with headers that identify them.
Without a configuration file it runs a demo on http://localhost:8080 that prints the texts on this
terminal.";

pub(super) const EXAMPLES: &str = "\
Examples:
  doorcode demo                     run the demo: open http://localhost:8080
  doorcode init my.toml             write a first my.toml: asks a handful of questions
  doorcode check my.toml            report all mistakes in my.toml
  doorcode --config my.toml         run the server with my.toml
  doorcode explain my.toml --url https://shop.example.com/admin --phone +12025550123
                                    say which rule decides a request, and what the app would get
  doorcode doctor my.toml           ask the running server, its apps and its database what is wrong
  doorcode doctor --attack my.toml  try on these rules what got past other gateways
  doorcode widget my.toml           print the HTML element that embeds the login in a page
  doorcode health my.toml           exit with 0 if that server is ready
  doorcode reload my.toml           make that server read its file anew
  doorcode upgrade my.toml          let the installed program take over from it, without a gap
  doorcode attempt 7K3M9Q2D my.toml
                                    tell what became of a login, by the reference on its page
  doorcode text +12025550123 my.toml
                                    send a test text, and tell what the provider said
  doorcode nodes my.toml            list the servers that run on the same database
  doorcode store copy --from sqlite:doorcode.db --to my.toml
                                    copy a database to that of my.toml
  doorcode keys my.toml             list the signing keys of tokens and assertions
  doorcode keys rotate my.toml      replace the signing keys; new ones sign after ten minutes
  doorcode users block +12025550123 my.toml
                                    block a user and end all their sessions
  doorcode help users               explain a command

Configuration file:
  Every command takes it by its name alone, as here, or as --config my.toml. If none is named it is
  that of the environment variable DOORCODE_CONFIG, else /etc/doorcode/doorcode.toml if that exists.
  Without all three the server runs the demo, and other commands do nothing. The command demo runs it
  whatever files there are.
  Only the server and check need all secrets that the file names; explain and widget need none;
  attempt, users, secret rotate, keys rotate and migrate need server.secret.

Signals:
  SIGTERM   stop gracefully: complete open requests and queued texts;
            a second one stops at once
  SIGINT    (Ctrl-C) stop at once
  SIGHUP    read the configuration file anew, with what it names; a file with a mistake changes
            nothing, and the log says every one
  SIGQUIT   hand over to a new process of the installed program, as upgrade does
  SIGUSR1, SIGUSR2 and SIGALRM are ignored

Output:
  The access log, one JSON object per request, goes to standard output; with the console provider,
  texts go there instead. The log goes to standard error in the format of [log]. Set its level
  with DOORCODE_LOG: error, warn, info, debug, trace, or a tracing filter.

Exit codes:
  0  success
  1  the configuration is invalid, or the command failed
  2  the command line is invalid
  3  explain: the request would not reach the app, but be refused or led to the login";

pub(super) const EXPLAIN: &str = "\
The answer is that of the rules in the file, found by the code that judges requests; no server has to
run, unless --token asks one whose a token is. Cookies, other headers and the body are not looked at: what they may change is noted.

Exit codes:
  0  the request would reach the app, or a page of Doorcode's own
  1  the configuration is invalid
  2  the command line is invalid
  3  the request would be refused, or led to the login";

pub(super) const DOCTOR: &str = "\
Asks only: nothing is changed, and no text is sent. It is run on the machine of the server, as a user who
may read the file and its secrets. A question that cannot be answered from here is a note.

With --attack no running server and no app is asked: the rules are attacked in a gate of their own, with
empty stores. It takes some seconds for each site.

Exit codes:
  0  nothing failed; there may be warnings
  1  something failed, something reached the app that must not, or the configuration is invalid
  2  the command line is invalid";

#[cfg(test)]
mod tests {
    /// Whoever changes the version has to look up its date and that of its metadata, for
    /// [`super::LONG_VERSION`].
    #[test]
    fn the_date_of_the_numbers_is_that_of_the_locked_version() {
        let locked = include_str!("../../Cargo.lock").split("[[package]]");
        let mut found = locked.filter(|package| package.contains("\nname = \"rlibphonenumber\"\n"));
        let package = found.next().unwrap_or_default();
        assert!(package.contains("\nversion = \"2.2.15\"\n"), "{package}");
    }
}
