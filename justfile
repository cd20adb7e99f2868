# Short names for the commands of CONTRIBUTING.md. Nothing needs `just`: each line stands by itself.

# The recipes.
default:
    @just --list

# Build and start the demo; codes are printed on the terminal.
demo *ARGS:
    deploy/demo {{ARGS}}

# Every check that must hold before a change is taken.
run:
    tests/run

# The slow checks, with a release build.
long:
    tests/long

# Format the code.
fmt:
    cargo fmt

# Types only, tests included.
check:
    cargo check --tests --locked

# Lints, as tests/run runs them.
lint:
    cargo clippy --all-targets --locked -- -D warnings

# The house rules: floors, file lengths, documents.
house:
    cargo test --locked --test architecture

# Tests of the program by module or name: just test limits::
test NAME:
    cargo test --locked --test it {{NAME}}

# Unit tests by module or name.
unit NAME="":
    cargo test --locked --lib {{NAME}}

# One file of the browser tests: just browser login
browser NAME:
    cargo build --locked
    npm --prefix tests/browser ci --silent
    npm --prefix tests/browser --silent test -- {{NAME}}.test.mjs

# Write the generated documents anew from their tables.
docs:
    UPDATE_DOCS=1 cargo test --locked --test it reference
