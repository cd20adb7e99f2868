use super::{SHOP, Story, WIKI, shown};
use crate::support::gate::wait_for;
use crate::support::program::Program;

const FILE: &str = "my.toml";

#[test]
fn a_host_that_a_reload_brings_gets_a_certificate() {
    let story = Story::new();
    let mut program = Program::start("info");
    program.kill();
    let here = format!("http://localhost:{}", program.port);
    let table = story.authority.table(&story.folder());
    program.rewrite(
        FILE,
        &[
            ("[server]\n", "[server]\ntls = \"acme\"\nunsafe_shared_origin = true\n"),
            ("[admin]\n", &format!("{table}[admin]\n")),
            (&format!("{here}/.doorcode"), "https://shop.example.com/.doorcode"),
            (&format!("{here}/down"), "https://shop.example.com/down"),
            (&here, "https://shop.example.com"),
        ],
    );
    story.authority.asks_at(1, program.port);
    program.start_again("info");
    let serial = wait_for("a certificate", || shown(program.port, SHOP));
    assert_eq!(shown(program.port, WIKI), None);
    program.rewrite(FILE, &[("https://shop.example.com/down", "https://wiki.example.com")]);
    let (code, said) = program.said(&["reload", FILE]);
    assert_eq!(code, Some(0), "{said} {}", program.printed_to("err"));
    wait_for("a certificate", || shown(program.port, WIKI));
    assert_eq!(shown(program.port, SHOP), Some(serial));
    // The host is gone, and so is what was shown for it.
    program.rewrite(FILE, &[("https://wiki.example.com", "https://shop.example.com/down")]);
    assert_eq!(program.said(&["reload", FILE]).0, Some(0));
    wait_for("its end", || shown(program.port, WIKI).is_none().then_some(()));
    // Where certificates come from is read at the start.
    program.rewrite(FILE, &[("ops@example.com", "new@example.com")]);
    let (code, said) = program.command(&["reload", FILE]);
    assert!(code == Some(1) && said.contains("acme.contact"), "{said}");
    let log = program.printed_to("err");
    assert!(log.contains("acme: certificate obtained") && log.contains(WIKI), "{log}");
    assert!(!log.contains("PRIVATE KEY"), "{log}");
}
