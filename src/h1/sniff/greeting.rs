//! Who greets with a number: a mail server or a file server, whose replies look the same.
//!
//! By the words that they say of themselves, and where these are missing, or both are there, by none.

use super::Look;
use crate::fault::Class;

/// The greeting is in one line, of 512 bytes at most (RFC 5321 section 4.5.3.1.5); so much of it is enough.
pub(super) const LONGEST: usize = 128;

/// Whose greeting it is, in its own words. A mail server begins with its name and says SMTP or, nearly always, ESMTP;
/// a file server says what it pleases, and that it is one.
pub(super) fn whose(first: &[u8]) -> Look {
    let line = first.get(..LONGEST).unwrap_or(first);
    let end = line.iter().position(|&b| b == b'\n');
    let text = line.get(4..end.unwrap_or(line.len())).unwrap_or_default();
    let mut words = text.split(u8::is_ascii_whitespace).map(bare).filter(|word| !word.is_empty());
    let name = words.next().unwrap_or_default();
    let says = |name: &[u8]| words.clone().any(|word| word.eq_ignore_ascii_case(name));
    let smtp = says(b"SMTP") || says(b"ESMTP");
    let ftp = says(b"FTP") || is_ftpd(name) || words.clone().any(is_ftpd);
    let class = match (smtp, ftp) {
        (true, false) => Class::NotHttpSmtp,
        (false, true) => Class::NotHttpFtp,
        (true, true) => Class::NotHttpSmtpFtp,
        // Anybody may be called so; with nothing against it, it is no name.
        (false, false) if name.eq_ignore_ascii_case(b"ESMTP") => Class::NotHttpSmtp,
        (false, false) if name.eq_ignore_ascii_case(b"FTP") => Class::NotHttpFtp,
        (false, false) => Class::NotHttpSmtpFtp,
    };
    if end.is_none() && line.len() < LONGEST { Look::Open(class) } else { Look::Is(class) }
}

/// Without brackets, dashes and stops.
fn bare(word: &[u8]) -> &[u8] {
    let is_bare = |b: &u8| b.is_ascii_alphanumeric();
    let start = word.iter().position(is_bare).unwrap_or(word.len());
    let end = word.iter().rposition(is_bare).map_or(start, |at| at.saturating_add(1));
    word.get(start..end).unwrap_or_default()
}

/// vsFTPd, ProFTPD, Pure-FTPd.
fn is_ftpd(word: &[u8]) -> bool {
    word.len().checked_sub(4).and_then(|at| word.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(b"FTPd"))
}
