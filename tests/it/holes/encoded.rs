//! Encoded separators and single dots: what passes as it was sent, and what hides behind them.
use super::is_kept_out;
use super::paths::REST_IS_PUBLIC;
use crate::support::gate::Gate;
use crate::support::settings::{ADA, BOB};

#[test]
fn an_encoded_slash_passes_byte_for_byte_where_every_reading_may() {
    let gate = Gate::start();
    let mut bob = gate.browser();
    bob.sign_in("/orders", BOB, &gate.texts).is(200);
    for target in [
        "/api/queues/%2F/q",
        "/api/queues/%2f/q?vhost=%2F",
        "/api/vhosts/%2F",
        "/api/exchanges/%2F/amq.default/publish",
        "/@scope%2fname",
        "/@scope%2Fname/-/name-1.0.0.tgz",
        "/api/v4/projects/group%2Fproject/issues",
        "/contents/a%2Fb%20c.ipynb",
        "/x%252Fy",
        "/x%252fy%2Fz",
        "/files/a%5Cb",
        "/files/a%5cb%255Cc",
        "/x%2F",
        "/x/a%2F%2Fb;c=%2f",
        "/caf%C3%A9%2Fmen%C3%BC",
    ] {
        for method in ["GET", "PUT", "DELETE"] {
            let form: Option<&[_]> = (method == "PUT").then_some(&[]);
            bob.send(method, target, &[], form).is(200);
            assert_eq!(gate.app.last().target, target);
        }
        is_kept_out(&gate, &mut gate.browser(), target, &[]);
        let public = format!("/public{target}");
        gate.browser().get(&public).is(200);
        assert_eq!(gate.app.last().target, public);
    }
    // The way back after a login is the same, byte for byte.
    let mut ada = gate.browser();
    ada.sign_in("/api/queues/%2F/q%5Cr?x=%2F", ADA, &gate.texts).is(200);
    assert_eq!(gate.app.last().target, "/api/queues/%2F/q%5Cr?x=%2F");
}

#[test]
fn an_encoded_slash_is_judged_by_every_reading_and_by_more_than_one_rule() {
    let rules = "path = \"/admin/*\"\nallow = [\"role:admin\"]\n\
                 [[site.rule]]\npath = \"/x/a/b\"\nallow = [\"public\"]\n\
                 [[site.rule]]\npath = \"/x/*\"\nallow = [\"role:admin\"]\n\
                 [[site.rule]]\npath = \"/*\"\nallow = [\"public\"]\n";
    let gate = Gate::changed(&[(REST_IS_PUBLIC.0, rules)]);
    let mut bob = gate.browser();
    bob.sign_in("/admin/x", BOB, &gate.texts).is(403);
    // Public by one rule as it is and by another once decoded.
    for target in ["/public%2Fx", "/other%2Fpublic", "/%78%2Fa%2Fb", "/public%5Cx", "/a%252Fb"] {
        gate.browser().get(target).is(200);
        assert_eq!(gate.app.last().target, target);
    }
    for target in [
        "/admin%2Fx",
        "/admin%2fx/y",
        "/admin%252Fx",
        "/admin%5Cx",
        "/admin%255cx",
        "/%u0061dmin",
        "/%u0061dmin%2Fx",
        "/%u002fadmin",
        "/%25u0061dmin",
        "/admin%u002fx",
        "/public/..%u002fadmin",
        "/public/%u002e%u002e%u002fadmin",
        "/public%u0000",
        "/%61dmin%2Fx",
        "/%2561dmin%252Fx",
        "/admin%3Bx%2Fy",
        "/admin%3Fx%2Fy",
        "/;%2Fadmin/x",
        "/%2Fadmin/x",
        "/%5Cadmin/x",
        "/%2F%2Fevil.example/x",
        "/%5C%5Cevil.example",
        "/public%2F..%2Fadmin",
        "/public/..%2Fadmin",
        "/public%2F..",
        "/public%5C..%5Cadmin",
        "/public/..%5Cadmin",
        "/public/..%252Fadmin",
        "/public/%2e%2e%2Fadmin",
        "/public/..;%2Fadmin",
        "/public/.%2Fadmin",
        "/public/..%25252Fadmin",
        "/admin%25252Fx",
        "/public%2F%00",
        "/public%2F%2500",
        "/public%00%2Fx",
        "/.doorcode%2Fme",
        "/.doorcode%2flogin",
        "/.doorcode%252Fme",
        "/.doorcode%5Cme",
        "/.doorcode%255cme",
        "/%2edoorcode%2Fme",
        "/.doorcode;x%2Fme",
        "/down%2Fx",
        "/down%5Cx",
        // Not as it is, not wholly decoded, but where the parts are decoded each by itself.
        "/%78/a%2Fb",
        "/%78/a%5Cb",
        "/x%2Fa/%62%2Fc",
        "/x%2Fa%252Fb",
        "/x/a%2Fb",
    ] {
        is_kept_out(&gate, &mut gate.browser(), target, &[]);
        is_kept_out(&gate, &mut bob, target, &[]);
    }
}

#[test]
fn a_single_dot_passes_as_it_is_and_hides_nothing() {
    let gate = Gate::changed(&[REST_IS_PUBLIC]);
    let mut bob = gate.browser();
    bob.sign_in("/admin/x", BOB, &gate.texts).is(403);
    for target in ["/./Packages", "/debian/./Packages.gz", "/.", "/./", "/a/.", "/a/./././b?c=/./"]
    {
        gate.browser().get(target).is(200);
        assert_eq!(gate.app.last().target, target);
    }
    for target in [
        "/./admin/x",
        "/admin/.",
        "/admin/./x",
        "/./%61dmin/x",
        "/admin%2F./x",
        "/./admin%2Fx",
        "/.//admin/x",
        "/.//evil.example/x",
        "//./admin",
        "/./../admin",
        "/public/./../admin",
        "/./..%2Fadmin",
        "/.%2Fadmin",
        "/%2e/admin",
        "/.;/admin",
        "/./.doorcode/me",
        "/.doorcode/./me",
        "/.doorcode/.",
        "/x/./.%2e/admin",
        "/./down/x",
    ] {
        let mut stranger = gate.browser();
        let own = target.starts_with("/.doorcode/.");
        let before = gate.app.count();
        if own {
            // Below our prefix as it stands: our own pages, which there are none of.
            assert!(stranger.get(target).status >= 400, "{target}");
            assert_eq!(gate.app.count(), before, "{target}");
            continue;
        }
        is_kept_out(&gate, &mut stranger, target, &[]);
        is_kept_out(&gate, &mut bob, target, &[]);
    }
}
