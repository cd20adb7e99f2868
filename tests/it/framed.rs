//! An app that pages of other origins show in a frame (`framed_by`): its login inside of the frame, and
//! what its cookies there may not be used for.
mod login;
mod origins;
mod pages;
mod window;

use crate::support::gate::Gate;

const ISSUER: &str = "https://auth.example.com";
/// May be framed by [`PORTAL`].
const APP: &str = "https://app.example.org";
/// May be framed by another page. Its app is down.
const OTHER: &str = "https://other.example.org";
/// May be framed by nobody. Its app is down.
const SHOP: &str = "https://shop.example.com";
const PORTAL: &str = "https://portal.example.net";
/// Its scripts may use the app.
const FRIEND: &str = "https://friend.example.net";
const ME: &str = "+12025550110";

/// How an answer of ours to the portal's frame says who may show it.
const ANCESTORS: &str =
    "frame-ancestors https://portal.example.net https://second.example.net:8443";

/// Login pages on a host of their own, and sites on others.
fn gate() -> Gate {
    let down = |url: &str, more: &str| {
        format!(
            "[[site]]\nname = \"{url}\"\nurl = \"{url}\"\nupstreams = [\"127.0.0.1:1\"]\n{more}\n"
        )
    };
    let other = down(OTHER, "framed_by = [\"https://intranet.example.net\"]");
    let framed = format!(
        "\"Shop\"\nurl = \"{APP}\"\nframed_by = [\"https://second.example.net:8443\", \"{PORTAL}\"]\n\
         allowed_origins = [\"{FRIEND}\"]\n"
    );
    let fresh = "[[site.rule]]\npath = \"/billing/*\"\nallow = [\"signed-in\"]\nfresh = \"15m\"\n\
                 [[site.rule]]\npath = \"/admin/*\"";
    let changes = [
        ("https://auth.example.com/.doorcode", ISSUER),
        ("https://auth.example.com/down", "https://down.example.com"),
        ("\"Shop\"\nurl = \"https://auth.example.com\"\n", &framed),
        ("[[site.rule]]\npath = \"/admin/*\"", fresh),
        ("[[site]]\n", &format!("{other}{}[[site]]\n", down(SHOP, ""))),
    ];
    Gate::at(Some(ISSUER), &changes)
}

/// Login pages and the app on one host, and the portal also as an application.
fn gate_of_one_host() -> Gate {
    let framed = format!(
        "[[client]]\nid = \"portal\"\nname = \"Portal\"\ntype = \"public\"\n\
         callbacks = [\"{PORTAL}/callback\"]\n[[site]]\nname = \"Shop\"\n\
         framed_by = [\"https://second.example.net:8443\", \"{PORTAL}\"]\n"
    );
    Gate::at(Some(APP), &[("[[site]]\nname = \"Shop\"\n", &framed)])
}
