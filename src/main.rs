use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use doorcode::cli::{self, CliDeps, DoctorPart, DoctorResult};
use doorcode::config::Config;
use doorcode::system::System;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // First, because every TLS client needs it. Fails only if one is installed already.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    ExitCode::from(cli::run(
        std::env::args_os(),
        &mut CliDeps {
            out: &mut std::io::stdout(),
            err: &mut std::io::stderr(),
            environment: &|name| std::env::var(name).ok(),
            system_file: Path::new(cli::SYSTEM_FILE),
            now: System::real().now(),
            examine: &doorcode::app::examine,
            health: &doorcode::app::health,
            reload: &doorcode::app::reload,
            upgrade: &doorcode::app::upgrade,
            token_holder: &doorcode::app::token_holder,
            doctor: &doctor,
            attempt: &|config, reference, who| {
                doorcode::app::tell_attempt(config, (reference, who), &System::real())
            },
            text: &|config, phone| doorcode::app::send_test_text(config, phone, &System::real()),
            text_stats: &|config, since, json| doorcode::app::text_stats(config, (since, json)),
            line: &line,
            nodes: &doorcode::app::list_nodes,
            migrate: &|config| doorcode::app::migrate(config, &System::real()),
            copy: &|from, to| doorcode::app::copy_store(from, to, &mut std::io::stderr()),
            keys: &doorcode::app::list_keys,
            rotate: &doorcode::app::rotate_keys,
            block: &|config, phone| doorcode::app::block_user(config, phone, &System::real()),
            unblock: &|config, phone| doorcode::app::unblock_user(config, phone, &System::real()),
            show: &|config, phone| doorcode::app::show_user(config, phone, &System::real()),
            find: &|config, ending| doorcode::app::find_users(config, ending, &System::real()),
            rotate_secret: &|config| {
                doorcode::app::rotate_secret(config, &System::real(), &mut std::io::stderr())
            },
            ask: &ask,
            serve: &doorcode::app::serve,
        },
    ))
}

fn doctor(config: &Config, part: DoctorPart, show: &mut dyn FnMut(&str)) -> DoctorResult {
    match part {
        DoctorPart::Ask => doorcode::app::examine_running(config, &System::real(), show),
        DoctorPart::Attack => doorcode::app::attack(config, show),
    }
}

/// A line of standard input. None at its end, such as after Ctrl-D.
fn line() -> Option<String> {
    let mut line = String::new();
    (std::io::stdin().read_line(&mut line).ok()? > 0).then(|| line.trim().to_owned())
}

/// Shows a question on standard error and reads one line, where a person can answer.
fn ask(question: &str) -> Option<String> {
    let (input, mut shown) = (std::io::stdin(), std::io::stderr());
    if !input.is_terminal() {
        return None;
    }
    write!(shown, "{question}").and_then(|()| shown.flush()).ok()?;
    line()
}
