//! The body as a page for a browser: it says what happened, where, and what one can do.
//!
//! Its one rule: self-contained. No script, no external asset, no inline attribute: the policy of
//! [`CSP`] allows this one style sheet, by its hash, and nothing else.

use super::Reply;
use super::disclosure::Disclosure;
use super::sink::{Sink, bounded, html};
use super::words::Place;
use super::{MAX_NEXT_HOP, MAX_REFERENCE};

/// In the source and not in a file of its own, because here a checkout with CRLF does not change it.
const STYLE: &str = "\
:root{color-scheme:light dark;--bg:#f6f7f9;--fg:#1b1f24;--dim:#57606a;--card:#fff;--line:#c9d1d9;--ok:#1a7f37;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--bg:#0f1216;--fg:#e8eaed;--dim:#a3acb5;--card:#181c22;--line:#3a424b;--ok:#57c878;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
main{max-width:42rem;margin:0 auto;padding:clamp(1rem,6vw,4rem) 1rem}
.status{margin:0;color:var(--dim)}
h1{margin:.25rem 0 1rem;font-size:clamp(1.5rem,5vw,2rem);line-height:1.2}
p{margin:.5rem 0}
ol{list-style:none;display:flex;margin:2rem 0;padding:0}
ol li{flex:1;min-width:0;text-align:center;background:var(--card);border:2px solid var(--line);border-radius:.5rem;padding:.75rem .5rem}
ol .link{flex:.8;background:none;border:0;border-bottom:2px solid var(--line);border-radius:0;padding:0 .25rem;align-self:center}
li b,li span{display:block}
li span{font-size:.875rem;color:var(--dim)}
.ok{border-color:var(--ok)!important}
.bad{border-color:var(--bad)!important}
.link.bad{border-bottom-style:dashed!important}
.bad span{color:var(--bad);font-weight:600}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0;font-size:.875rem;color:var(--dim)}
dd{margin:0;font-family:ui-monospace,monospace}
@media(max-width:34rem){ol{flex-direction:column}ol .link{flex:none;border-bottom:0;border-left:2px solid var(--line);padding:.5rem 1rem}.link.bad{border-left-style:dashed!important}}
";

/// The policy that goes with the page. No `frame-ancestors`: where the page that failed was to be in
/// a frame, the visitor should read this one there. A test holds the hash to the style sheet.
pub(crate) const CSP: &str = "default-src 'none'; style-src 'sha256-yKh30TrOK4jibjHSMk2bRcy3blIXoWiBhuyeJAxZs+Q='; base-uri 'none'; form-action 'none'";

/// How one station of the way is doing.
#[derive(Clone, Copy)]
enum State {
    Works,
    Broken,
    NotReached,
}

impl Reply<'_> {
    pub(crate) fn write_page(&self, out: &mut impl Sink) {
        let words = self.words();
        out.put("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        out.put("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        out.put("<meta name=\"robots\" content=\"noindex\">\n<title>");
        self.write_status(out);
        out.put("</title>\n<style>");
        out.put(STYLE);
        out.put("</style>\n</head>\n<body>\n<main>\n<p class=\"status\">");
        self.write_status(out);
        out.put("</p>\n<h1>");
        out.put(words.title);
        out.put("</h1>\n<p>");
        out.put(words.detail);
        out.put("</p>\n<p>");
        out.put(self.advice().sentence());
        out.put("</p>\n");
        write_way(out, words.place);
        out.put("<dl>\n");
        row(out, "Gateway", self.name.plain());
        if let Some(error_type) = self.fault.error_type() {
            row(out, "Error", error_type.token());
        }
        if self.disclosure >= Disclosure::Details {
            row(out, "Code", self.fault.kind().code());
            if let Some(class) = self.fault.class() {
                row(out, "Class", class.as_str());
            }
        }
        if self.disclosure >= Disclosure::Trusted {
            if let Some(next_hop) = self.exchange.next_hop.as_deref() {
                row(out, "Next hop", bounded(next_hop, MAX_NEXT_HOP));
            }
        }
        if let Some(reference) = self.exchange.reference.as_deref() {
            row(out, "Reference", bounded(reference, MAX_REFERENCE));
        }
        out.put("</dl>\n</main>\n</body>\n</html>\n");
    }

    fn write_status(&self, out: &mut impl Sink) {
        out.number(u64::from(self.status.as_u16()));
        out.put(" ");
        out.put(super::reason(self.status));
    }
}

/// The way from the visitor to the service. What is broken is said in words, not by colour alone. The
/// role is said because Safari takes a list without bullets for no list.
fn write_way(out: &mut impl Sink, place: Place) {
    use State::{Broken, NotReached, Works};
    let [first, gateway, second, service] = match place {
        Place::ClientLink => [Broken, Works, NotReached, NotReached],
        Place::Gateway => [Works, Broken, NotReached, NotReached],
        Place::Link => [Works, Works, Broken, NotReached],
        Place::Service => [Works, Works, Works, Broken],
    };
    out.put("<ol role=\"list\" aria-label=\"Where it stopped\">\n");
    station(out, "", "You", Works);
    station(out, "link ", "", first);
    station(out, "", "Gateway", gateway);
    station(out, "link ", "", second);
    station(out, "", "Service", service);
    out.put("</ol>\n");
}

fn station(out: &mut impl Sink, class: &str, label: &str, state: State) {
    let (state_class, text) = match state {
        State::Works => ("ok", "works"),
        State::Broken if label.is_empty() => ("bad", "broken here"),
        State::Broken => ("bad", "problem here"),
        State::NotReached => ("idle", "not reached"),
    };
    out.put("<li class=\"");
    out.put(class);
    out.put(state_class);
    out.put("\">");
    if !label.is_empty() {
        out.put("<b>");
        out.put(label);
        out.put("</b>");
    }
    out.put("<span>");
    out.put(text);
    out.put("</span></li>\n");
}

fn row(out: &mut impl Sink, name: &str, value: &str) {
    out.put("<dt>");
    out.put(name);
    out.put("</dt><dd>");
    html(out, value);
    out.put("</dd>\n");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::unwrap_used)]
    use super::*;
    use crate::reply::sf;

    /// FIPS 180-4, to check one hash without a dependency.
    fn sha256(text: &[u8]) -> Vec<u8> {
        let primes: Vec<u32> = (2u32..312).filter(|&n| (2..n).all(|d| n % d != 0)).collect();
        let fraction = |x: f64| ((x - x.floor()) * 4_294_967_296.0) as u32;
        // Cube roots are needed to 32 bits; `f64` holds them with room to spare.
        let k: Vec<u32> = primes.iter().take(64).map(|&p| fraction(f64::from(p).cbrt())).collect();
        let mut h: Vec<u32> = primes.iter().take(8).map(|&p| fraction(f64::from(p).sqrt())).collect();
        let mut data = text.to_vec();
        data.push(0x80);
        while data.len() % 64 != 56 {
            data.push(0);
        }
        data.extend((text.len() as u64 * 8).to_be_bytes());
        for block in data.chunks(64) {
            let mut w: Vec<u32> = block.chunks(4).map(|b| u32::from_be_bytes(b.try_into().unwrap())).collect();
            for i in 16..64 {
                let (a, b) = (w[i - 15], w[i - 2]);
                let s0 = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
                let s1 = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
                w.push(w[i - 16].wrapping_add(s0).wrapping_add(w[i - 7]).wrapping_add(s1));
            }
            let mut v = h.clone();
            for i in 0..64 {
                let s1 = v[4].rotate_right(6) ^ v[4].rotate_right(11) ^ v[4].rotate_right(25);
                let ch = (v[4] & v[5]) ^ (!v[4] & v[6]);
                let t1 = v[7].wrapping_add(s1).wrapping_add(ch).wrapping_add(k[i]).wrapping_add(w[i]);
                let s0 = v[0].rotate_right(2) ^ v[0].rotate_right(13) ^ v[0].rotate_right(22);
                let t2 = s0.wrapping_add((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
                v.rotate_right(1);
                v[4] = v[4].wrapping_add(t1);
                v[0] = t1.wrapping_add(t2);
            }
            for (h, v) in h.iter_mut().zip(v) {
                *h = h.wrapping_add(v);
            }
        }
        h.into_iter().flat_map(u32::to_be_bytes).collect()
    }

    #[test]
    fn the_policy_allows_this_style_sheet() {
        assert_eq!(sha256(b"abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
        let mut hash = Vec::new();
        sf::byte_sequence(&mut hash, &sha256(STYLE.as_bytes()));
        let hash = String::from_utf8(hash).unwrap();
        let expected = format!("'sha256-{}'", hash.trim_matches(':'));
        assert!(CSP.contains(&expected), "the style sheet's hash is {expected}");
        assert!(!STYLE.contains("url(") && !STYLE.contains('<'));
    }
}
