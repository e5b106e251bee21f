//! libcurl's words below another name: PHP and Guzzle (`cURL error 28: ...`), Goutte (`[curl] 28: ...`), pycurl
//! (`(28, '...')` of `pycurl.error`).
//!
//! Sources: Guzzle, `src/Handler/CurlFactory.php` (`createRejection`); Guzzle 3, `src/Guzzle/Http/Curl`; pycurl, `src/easy.c`.

use super::super::curl;
use super::super::cut;
use super::super::entry::{Format, Verdict};
use super::{Found, Says, Table, Told, name};

pub(super) const TABLE: Table = Table {
    by: Format::Curl,
    rows: &[
        (b"cURL error ", Says::On(numbered)),
        (b"curl] ", Says::On(numbered)),
        (b"pycurl.error: (", Says::On(numbered)),
        // Behind the progress meter, which ends without a line end: `0curl: (56) ...`.
        (b"curl: (", Says::On(numbered)),
    ],
};

/// The number, what curl says, and the URL somewhere behind it.
fn numbered<'a>(found: &Found<'a>) -> Option<Told<'a>> {
    let (code, rest) = cut::number(found.rest)?;
    let text = [&b": "[..], b") ", b", '"].iter().find_map(|between| rest.strip_prefix(*between))?;
    let said = curl::alone(code, text);
    let url = [&b" for http"[..], b"url:http", b"[url] http"].iter().find_map(|before| {
        let (at, _) = cut::split(text, before)?;
        text.get(at.len().saturating_add(before.len()).saturating_sub(4)..)
    });
    let hop = url
        .and_then(name)
        .and_then(cut::authority)
        .or_else(|| text.strip_prefix(b"Failed to connect to ").and_then(name));
    (said != Verdict::Unknown).then(|| Told::new(said).at(hop))
}
