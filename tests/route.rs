//! Which route a path leads to, by the code of both example proxies: none that is written otherwise goes round a route.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

/// What that code needs of the flags.
mod flags {
    #[derive(Clone, Debug)]
    pub(crate) struct Route {
        pub(crate) prefix: String,
        pub(crate) url: http::Uri,
    }
}
#[path = "../examples/shared/route.rs"]
#[allow(dead_code)]
mod route;

use badgateway::fault::Class;
use http::Uri;

use crate::route::Routes;

/// Where a path leads: `host path`, or what speaks against it.
fn found(path: &str) -> String {
    let of = |prefix: &str, url: &'static str| flags::Route { prefix: prefix.into(), url: Uri::from_static(url) };
    let routes = Routes::new(&[
        of("/", "http://open.test"),
        of("/admin", "http://admin.test"),
        of("/base", "http://base.test/a/b/"),
    ]);
    match routes.find(&path.parse().unwrap()) {
        Ok((mounted, path)) => format!("{} {path}", mounted.target.host.trim_end_matches(".test")),
        Err(fault) => fault.class().map_or_else(|| fault.kind().to_string(), |class| class.to_string()),
    }
}

#[test]
fn a_path_is_read_as_everybody_reads_it() {
    for (path, expected) in [
        ("/", "open /"),
        ("/x/y?z=/../%61", "open /x/y?z=/../%61"),
        ("/admin", "admin /"),
        ("/admin/x", "admin /x"),
        ("/administrator", "open /administrator"),
        ("/base", "base /a/b/"),
        ("/base/x/", "base /a/b/x/"),
        // What needs no percent-encoding has none (RFC 3986 section 6.2.2.2).
        ("/%61dmin/x", "admin /x"),
        ("/%61%64min", "admin /"),
        ("/%7euser/%c3%a4%2B", "open /~user/%C3%A4%2B"),
        // Dot segments are gone (section 6.2.2.3), and what they lead to is what is asked for.
        ("/x/../admin", "admin /"),
        ("/x/./../admin/.", "admin /"),
        ("/x/%2e%2E/admin/y", "admin /y"),
        ("/base/../admin", "admin /"),
        ("/base/x/../y", "base /a/b/y"),
        ("/base/x/..", "base /a/b/"),
        ("/base/..", "open /"),
        ("/x/...", "open /x/..."),
        ("/x/.y/..z", "open /x/.y/..z"),
        ("/x/y/..", "open /x/"),
        ("/base/..//../x", "open /x"),
        // Whom it is all the same to.
        ("/x//y", "open /x//y"),
        ("/x/https://y.test/z", "open /x/https://y.test/z"),
        ("/x;v=1/y%2Fz", "open /x;v=1/y%2Fz"),
        ("*", "open *"),
    ] {
        assert_eq!(found(path), expected, "{path}");
    }
}

#[test]
fn a_path_that_leads_out_or_somewhere_else_is_refused() {
    for path in [
        // Out of the root.
        "/..",
        "/../x",
        "/base/../../etc",
        "/base/%2e%2e/%2E./etc",
        "/x/../..",
        "/x/..%2f..%2fetc",
        "/x/..%5C..%5cetc",
        "/x/..\\..\\etc",
        "/x/..;/..;a=1/etc",
        // To another route, for a next hop that reads it less strictly.
        "//admin",
        "///admin/x",
        "/./%2fadmin",
        "/%2Fadmin",
        "/\\admin",
        "/%5Cadmin",
        "/x/..%2fadmin",
        "/x/..;/admin",
        "/base/..%2Fadmin",
        "/base%2F..%2Fadmin",
        "/admin/..;/x",
        "/admin%2fx",
        "/admin;v=1/x",
        // No path.
        "/%",
        "/%a",
        "/%zz",
        "/%+1",
        "/x%00",
    ] {
        assert_eq!(found(path), Class::RequestTargetInvalid.as_str(), "{path}");
    }
}
