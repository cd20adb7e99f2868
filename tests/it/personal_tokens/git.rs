//! A real git and a real curl, before a real `git http-backend`.
use std::io::{BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::{make, signed_in, token_on};
use crate::support::gate::Gate;
use crate::support::settings::ADA;
use crate::support::upstream::{Seen, request};

/// The site of the stories that leads nowhere.
const DOWN: &str =
    "upstreams = [\"127.0.0.1:1\"]\n[[site.rule]]\npath = \"/*\"\nallow = [\"public\"]\n";

/// A server of repositories, which lets those push of whom it is told who they are.
struct GitServer {
    port: u16,
    root: tempfile::TempDir,
}

impl GitServer {
    fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        git(root.path(), &["init", "--bare", "--initial-branch=main", "repo.git"]);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let folder = root.path().to_owned();
        // Ends with the process of the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let folder = folder.clone();
                std::thread::spawn(move || serve(stream, &folder));
            }
        });
        Self { port, root }
    }
}

fn serve(stream: TcpStream, root: &Path) {
    let mut reader = BufReader::new(stream);
    while let Some(seen) = request(&mut reader) {
        assert_eq!(seen.header("authorization"), None, "the app gets the token");
        let answer = backend(&seen, root);
        if reader.get_mut().write_all(&answer).is_err() {
            return;
        }
    }
}

/// RFC 3875, as far as git needs it.
fn backend(seen: &Seen, root: &Path) -> Vec<u8> {
    let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
    let header = |name: &str| seen.header(name).unwrap_or_default().to_owned();
    let mut child = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", &seen.method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", seen.body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .env("REMOTE_USER", header("x-forwarded-user"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It may be done before it has read all.
    drop(child.stdin.take().unwrap().write_all(&seen.body));
    let output = child.wait_with_output().unwrap().stdout;
    let end = output.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
    let (head, body) = (String::from_utf8_lossy(&output[..end]), &output[end + 4..]);
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK");
    let length = body.len();
    let mut answer =
        format!("HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {length}\r\n\r\n").into_bytes();
    answer.extend(body);
    answer
}

fn tool(program: &str, folder: &Path, arguments: &[&str]) -> Output {
    let home = folder.join("home");
    std::fs::create_dir_all(&home).unwrap();
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("HOME", home)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .env_remove("GIT_ASKPASS")
        .output()
        .unwrap()
}

#[track_caller]
fn git(folder: &Path, arguments: &[&str]) -> String {
    let done = tool("git", folder, arguments);
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "git {arguments:?}: {said}");
    said
}

/// A commit with one file in a clone.
fn commit(clone: &Path, name: &str) {
    std::fs::write(clone.join(name), name).unwrap();
    git(clone, &["add", name]);
    let who = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
    git(clone, &[&who[..], &["commit", "--message", name]].concat());
}

#[test]
fn git_clones_and_pushes_with_a_token_and_curl_reads() {
    let server = GitServer::start();
    let app = format!(
        "upstreams = [\"127.0.0.1:{}\"]\nstrip_prefix = true\npersonal_access_tokens = true\n",
        server.port
    );
    let gate = Gate::changed(&[(DOWN, &app)]);
    let mut ada = signed_in(&gate, ADA);
    let site = format!("{}/down", gate.origin);
    let token = token_on(&make(&mut ada, "git", &site, "30").is(200));
    let work = tempfile::tempdir().unwrap();
    let folder: PathBuf = work.path().to_owned();
    let url = format!("{site}/repo.git");

    // Without credentials, and with wrong ones.
    let wrong = url.replacen("://", "://a:dcp_wrong@", 1);
    for url in [url.as_str(), &wrong] {
        let failed = tool("git", &folder, &["clone", url, "none"]);
        assert!(!failed.status.success());
    }
    // Asked by the challenge, a helper gives the token.
    let helper = folder.join("helper");
    std::fs::write(&helper, format!("#!/bin/sh\necho username=ada\necho password={token}\n"))
        .unwrap();
    tool("chmod", &folder, &["+x", "helper"]);
    let helper = format!("credential.helper={}", helper.display());
    git(&folder, &["-c", &helper, "clone", &url, "one"]);
    let one = folder.join("one");
    commit(&one, "first");
    git(&one, &["-c", &helper, "push", "origin", "HEAD:main"]);
    // More than goes into one buffer of git's, which comes in chunks.
    std::fs::write(one.join("large"), noise(3 << 20)).unwrap();
    commit(&one, "second");
    git(&one, &["add", "large"]);
    commit(&one, "third");
    git(&one, &["-c", &helper, "push", "origin", "HEAD:main"]);
    // In the URL.
    let inside = url.replacen("://", &format!("://a:{token}@"), 1);
    git(&folder, &["clone", &inside, "two"]);
    for name in ["first", "second", "third", "large"] {
        assert!(folder.join("two").join(name).exists(), "{name}");
    }
    let user = format!("a:{token}");
    let refs = format!("{url}/info/refs?service=git-upload-pack");
    let said = tool("curl", &folder, &["--silent", "--fail", "--user", &user, &refs]);
    assert!(String::from_utf8_lossy(&said.stdout).contains("refs/heads/main"), "{said:?}");
    let log = tool("git", &server.root.path().join("repo.git"), &["log", "--format=%s", "main"]);
    assert_eq!(String::from_utf8_lossy(&log.stdout), "third\nsecond\nfirst\n");
}

/// Bytes that cannot be packed.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(length).collect()
}
