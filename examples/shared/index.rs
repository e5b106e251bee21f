//! The tour's index page: every behaviour as a link, what became of it, and what was wrong with that.

#[path = "../../src/unprintable.rs"]
mod unprintable;

use std::fmt::Write as _;
use std::net::SocketAddr;

use badgateway::lab::Group;

use super::Row;
use unprintable::is_unprintable;

/// All in one response: no script, nothing to fetch. The colours are those of the page for a fault.
const STYLE: &str = include_str!("index.css");

/// The page.
pub(crate) fn page(rows: &[Row], address: SocketAddr) -> String {
    let right = rows.iter().filter(|row| row.judged.is_right()).count();
    let (mut links, mut sections) = (String::new(), String::new());
    for group in Group::ALL {
        let of: Vec<&Row> = rows.iter().filter(|row| row.judged.behaviour.group == *group).collect();
        if of.is_empty() {
            continue;
        }
        let _ = write!(links, "<li><a href=\"#{group}\">{group} <small>{}</small></a></li>", of.len());
        let items: String = of.into_iter().map(item).collect();
        let _ = writeln!(
            sections,
            "<section aria-labelledby={group}><h2 id={group}>{} <small>{group}</small></h2><ul>{items}</ul></section>",
            about(*group)
        );
    }
    let verdict = if right == rows.len() { "ok" } else { "bad" };
    let wrong = rows.iter().filter(|row| !row.judged.is_right()).map(|row| row.judged.behaviour.name);
    let wrong: String = wrong.map(|name| format!(" <a href=\"#{name}\">{name}</a>")).collect();
    let title = match rows.len() {
        1 => "1 upstream that misbehaves".to_owned(),
        count => format!("{count} upstreams that misbehave"),
    };
    format!(
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\"><title>badgateway: the lab</title>\
         <style>{STYLE}</style></head>\n<body><main>\
         <h1>{title}</h1>\
         <p class=lead>Each link goes through the proxy on {address} to an upstream that does what it says. What \
         you see is what the proxy makes of it.</p>\
         <p class=\"verdict {verdict}\">{right} of {count} answers are as RFC 9110 and 9112 want them.{wrong}</p>\
         <p>A client that is no browser gets another body. Try <code>application/json</code>, \
         <code>text/plain</code>, <code>text/markdown</code>, or:</p>\
         <pre>curl -i -H 'Accept: application/problem+json' http://{address}/{first}</pre>\
         <nav aria-label=Groups><ul>{links}</ul></nav>\n{sections}</main></body></html>\n",
        count = rows.len(),
        first = super::first(rows),
    )
}

fn item(row: &Row) -> String {
    let (name, description) = (row.judged.behaviour.name, escape(row.judged.behaviour.description));
    let status = escape(&row.status());
    let class = if row.judged.is_right() { "ok" } else { "bad" };
    let code = |text: &str| format!(" <code>{}</code>", escape(text));
    let fault = row.seen.as_ref().map_or_else(
        || "passed on".into(),
        |seen| {
            let class = seen.class.map_or_else(String::new, |class| code(class.as_str()));
            format!("{}:{}{class}", seen.phase.as_str(), code(seen.kind.as_str()))
        },
    );
    let wrong: String = row.judged.reasons().map(|why| format!("<p class=bad>Wrong: {}</p>", escape(&why))).collect();
    format!(
        "<li id={name}><a href=\"/{name}\">{name}</a><b class={class}>{status}</b><p>{description}</p>\
         <p class=fault>{fault}</p>{wrong}</li>\n"
    )
}

/// What the behaviours of a group have in common.
fn about(group: Group) -> &'static str {
    match group {
        Group::Connect => "No connection comes about",
        Group::Close => "The connection ends too early",
        Group::NotHttp => "What answers does not speak HTTP/1",
        Group::Tls => "The TLS session fails, or ends untidily",
        Group::Frame => "A frame of HTTP/2 is malformed, or not where it may be",
        Group::Head => "The fields of the head are malformed or too large",
        Group::Framing => "The length of the body is contradictory or malformed",
        Group::Status => "The status line is malformed, or says what nobody asked for",
        Group::Time => "Nothing is wrong but the time it takes",
        Group::Desync => "What comes does not belong to the request it seems to answer",
        Group::Reset => "A stream of HTTP/2 is reset",
        Group::Goaway => "The next hop says that its connection ends",
        Group::Grpc => "What gRPC wants besides",
        Group::Control => "Nothing is wrong, or nothing that is a proxy's to judge: these pass unharmed",
        _ => "What else there is",
    }
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    text.replace(is_unprintable, "\u{fffd}")
}
