//! The tries of one request, where a log lists them.
//!
//! nginx writes `$upstream_addr`, `$upstream_status` and `$upstream_response_time` as lists of the same length: a comma
//! between servers of a group, a colon between groups (`ngx_http_upstream_module`, "Embedded Variables").

use core::time::Duration;

use super::cut;

/// The servers that were asked for one request, in order, as nginx lists them.
///
/// ```
/// use badgateway::dialect::logs::Reader;
///
/// let line = br#"10.0.0.9 - - [20/Nov/2026:18:54:29 +0000] "GET / HTTP/1.1" 200 9 "-" "curl" 80 0.004 [web] [] 10.0.0.1:80, 10.0.0.2:80 0, 9 0.001, 0.003 502, 200 7f"#;
/// let mut reader = Reader::new();
/// let tries: Vec<_> = reader.read(line).unwrap().tries.collect();
/// assert_eq!((tries.len(), tries[0].status, tries[1].upstream), (2, Some(502), Some(&b"10.0.0.2:80"[..])));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries<'a> {
    pub(super) addresses: &'a [u8],
    pub(super) statuses: &'a [u8],
    pub(super) times: &'a [u8],
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Try<'a> {
    /// The server: `host:port`, or the path of a Unix socket.
    pub upstream: Option<&'a [u8]>,
    /// Its status. Where it gave none, nginx writes the one that it made itself: 502, or 504 after a timeout.
    pub status: Option<u16>,
    /// How long it took.
    pub elapsed: Option<Duration>,
}

impl<'a> Iterator for Tries<'a> {
    type Item = Try<'a>;

    fn next(&mut self) -> Option<Try<'a>> {
        if self.addresses.is_empty() && self.statuses.is_empty() {
            return None;
        }
        let address = first(&mut self.addresses);
        let (status, time) = (first(&mut self.statuses), first(&mut self.times));
        Some(Try { upstream: cut::something(address), status: cut::status(status), elapsed: cut::seconds(time) })
    }
}

/// Takes the first item off.
fn first<'a>(list: &mut &'a [u8]) -> &'a [u8] {
    let end = list.windows(2).position(|pair| pair == b", " || pair == b" :").unwrap_or(list.len());
    let (item, rest) = list.split_at_checked(end).unwrap_or((list, b""));
    let separators = rest.iter().take_while(|b| matches!(b, b',' | b' ' | b':')).count();
    *list = rest.get(separators..).unwrap_or(b"");
    item
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_go_together() {
        let tries = Tries {
            addresses: b"10.0.0.1:80, unix:/run/a.sock : [::1]:80",
            statuses: b"502, 504 : 200",
            times: b"0.001, 60.000 : -",
        };
        let shown: Vec<String> = tries
            .map(|one| {
                let upstream = one.upstream.map(|name| name.escape_ascii().to_string());
                format!("{upstream:?} {:?} {:?}", one.status, one.elapsed)
            })
            .collect();
        assert_eq!(
            shown,
            [
                "Some(\"10.0.0.1:80\") Some(502) Some(1ms)",
                "Some(\"unix:/run/a.sock\") Some(504) Some(60s)",
                "Some(\"[::1]:80\") Some(200) None",
            ]
        );
        assert_eq!(Tries::default().count(), 0);
        assert_eq!(Tries { addresses: b", , ", statuses: b"", times: b"" }.count(), 1);
    }
}
