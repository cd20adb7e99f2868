//! Other names of a file, by which an app on a file system without case finds it.
use super::is_kept_out;
use super::paths::{FOLDING, REST_IS_PUBLIC};
use crate::support::gate::Gate;
use crate::support::settings::BOB;

#[test]
fn no_other_name_of_a_file_hides_it_from_an_app_on_a_file_system_that_knows_it_by_that() {
    let tasks = (
        "path = \"/admin/*\"",
        "path = \"/tasks/*\"\nallow = [\"role:admin\"]\n[[site.rule]]\npath = \"/admin/*\"",
    );
    let gate = Gate::changed(&[REST_IS_PUBLIC, FOLDING, tasks]);
    let mut bob = gate.browser();
    bob.sign_in("/admin/x", BOB, &gate.texts).is(403);
    for target in [
        // Windows drops dots and blanks at the end.
        "/admin.",
        "/Admin./x",
        "/admin...",
        "/admin%20",
        "/admin%20/x",
        "/admin.%20.%20/x",
        "/admin%2e",
        "/admin%252e/x",
        "/admin%2520",
        "/admin.;x",
        "/admin.//x",
        "/admin.%2Fx",
        "/admin.%5Cx",
        // NTFS: streams, also of a directory.
        "/admin::$DATA",
        "/admin:x",
        "/admin:$I30:$INDEX_ALLOCATION/x",
        "/ADMIN::$INDEX_ALLOCATION/x",
        "/admin%3a%3a$data",
        "/admin%253ax/y",
        "/admin.::$DATA",
        "/admin::$DATA.",
        "/admin%20:x/y",
        // Short names.
        "/ADMINI~1/x",
        "/admin~1",
        "/ADMIN~1.",
        "/ADMIN%7E1/x",
        "/A0B1C2~1/x",
        "/AD1234~1::$DATA",
        "/public/ADMINI~2.TXT",
        "/public/AZ8X2Q~P",
        "/ADMIN~M3",
        // Patterns, to some functions of Windows.
        "/adm%3C%3C",
        "/admi%3E",
        "/admin%22",
        // A part of a file, to macOS.
        "/admin/..namedfork/rsrc",
        "/public/x/..NamedFork/data",
        // Letters that some table takes for others.
        "/adm\u{131}n/x",
        "/adm%C4%B1n/x",
        "/ADM%C4%B0N/x",
        "/admi%CC%87n/x",
        "/%EF%BD%81dmin/x",
        "/%EF%BC%A1DMIN",
        "/ad%E2%80%8Bmin/x",
        "/admin%EF%BB%BF/x",
        "/%C3%A1dmin/x",
        "/a%C4%91min",
        "/%CE%B1dmin/x",
        "/ADMIN%E2%88%BC1",
        "/admin%E2%88%B6x",
        "/adm%EF%BF%B0in/x",
        "/adm%F0%9D%85%B3in",
        "/ta%C5%BFk%C5%BF/x",
        "/TA%C5%BFKS",
        "/tas%E2%84%AAs/x",
        "/t%C3%85sks",
        "/tas%E2%84%AA%EF%BD%93./x",
        "/admin%EF%BC%8Fx",
        "/admin%E2%88%95x",
        "/admin%EF%BC%9Ax",
        "/admin%EF%BC%8E",
        // Ways out of a directory.
        "/public/...",
        "/public/..%20/admin",
        "/public/.%20/admin",
        "/public/%20/x",
        "/public/..:x/admin",
        "/public/..::$INDEX_ALLOCATION/admin",
        "/public/%EF%BC%8E%EF%BC%8E/admin",
        "/public/%E2%80%A5/admin",
        "/public%EF%BC%8F..%EF%BC%8Fadmin",
        "/public%E2%88%95%EF%BC%8E%EF%BC%8E%E2%88%95admin",
        // Ours.
        "/.doorcode./me",
        "/.doorcode%20/me",
        "/.doorcode::$DATA",
        "/.d%C3%B6orcode/me",
        "/.DOOR%EF%BC%A3ODE/me",
        "/DOORCO~1/me",
    ] {
        is_kept_out(&gate, &mut gate.browser(), target, &[]);
        is_kept_out(&gate, &mut bob, target, &[]);
    }
    for target in [
        "/Wiki/Special:Search",
        "/wiki/Dr.",
        "/stra%C3%9Fe/K%C3%84SE",
        "/%E6%97%A5%E6%9C%AC/x",
        "/half/%C2%BD-cup",
        "/~user/a.b.c",
        "/backup~2026.tar",
        "/administer.",
        "/notes%20/x",
    ] {
        gate.browser().get(target).is(200);
        assert_eq!(gate.app.last().target, target);
    }
}
