//! When a line was written, to the second.
//!
//! As the line has it. Most logs write local time and do not say where, so that there is no
//! zone here, and stamps compare within one log only.

use core::fmt;

use super::cut::number;
use crate::date::Civil;

/// A time of day on a date, in whatever zone the log is written.
///
/// The order of the fields is the order of time, so that stamps compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::exhaustive_structs)] // that is what a time has
pub struct Stamp {
    /// The year, of the common era.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31; that a month has so many days is not looked at.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 60.
    pub second: u8,
}

const MONTHS: [[u8; 3]; 12] =
    [*b"Jan", *b"Feb", *b"Mar", *b"Apr", *b"May", *b"Jun", *b"Jul", *b"Aug", *b"Sep", *b"Oct", *b"Nov", *b"Dec"];

impl Stamp {
    fn new(date: (u32, u32, u32), time: (u8, u8, u8)) -> Option<Self> {
        let stamp = Self {
            // Four digits: what has more is no year of a log.
            year: u16::try_from(date.0).ok().filter(|year| *year <= 9999)?,
            month: u8::try_from(date.1).ok()?,
            day: u8::try_from(date.2).ok()?,
            hour: time.0,
            minute: time.1,
            second: time.2,
        };
        let fits = (1..=12).contains(&stamp.month)
            && (1..=31).contains(&stamp.day)
            && stamp.hour < 24
            && stamp.minute < 60
            && stamp.second <= 60;
        fits.then_some(stamp)
    }

    /// `2026-11-20T18:53:56...` or `2026/11/20 18:53:56`: RFC 3339 and nginx; with a tab CloudFront.
    pub(super) fn numeric(text: &[u8]) -> Option<Self> {
        let [y1, y2, y3, y4, b'-' | b'/', m1, m2, b'-' | b'/', d1, d2, b'T' | b' ' | b'\t', time @ ..] = text else {
            return None;
        };
        let date = (pair(*y1, *y2)?, pair(*y3, *y4)?, pair(*m1, *m2)?, pair(*d1, *d2)?);
        let year = u32::from(date.0).saturating_mul(100).saturating_add(u32::from(date.1));
        Self::new((year, u32::from(date.2), u32::from(date.3)), clock(time)?)
    }

    /// `20/Nov/2026:18:54:29...`: HAProxy and the common log format.
    pub(super) fn common(text: &[u8]) -> Option<Self> {
        let [d1, d2, b'/', name @ ..] = text else { return None };
        let (name, rest) = name.split_first_chunk::<3>()?;
        let (year, rest) = number(rest.strip_prefix(b"/")?)?;
        Self::new((year, month(name)?, u32::from(pair(*d1, *d2)?)), clock(rest.strip_prefix(b":")?)?)
    }

    /// `Fri Nov 20 18:54:29.123456 2026`: Apache, as `ctime(3)` with a fraction.
    pub(super) fn ctime(text: &[u8]) -> Option<Self> {
        let (name, rest) = text.get(4..)?.split_first_chunk::<3>()?;
        let rest = rest.strip_prefix(b" ")?;
        let (day, rest) = number(rest.strip_prefix(b" ").unwrap_or(rest))?;
        let time = rest.strip_prefix(b" ")?;
        let year = time.iter().take(24).position(|b| *b == b' ').and_then(|at| time.get(at.saturating_add(1)..))?;
        Self::new((number(year)?.0, month(name)?, day), clock(time)?)
    }

    /// Seconds since 1970, in UTC: Caddy.
    pub(super) fn unix(seconds: u64) -> Option<Self> {
        let Civil { year, month, day, hour, minute, second } = Civil::of(seconds)?;
        Some(Self { year, month, day, hour, minute, second })
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second } = self;
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

fn pair(a: u8, b: u8) -> Option<u8> {
    let (a, b) = (a.wrapping_sub(b'0'), b.wrapping_sub(b'0'));
    (a < 10 && b < 10).then(|| a.wrapping_mul(10).wrapping_add(b))
}

fn clock(text: &[u8]) -> Option<(u8, u8, u8)> {
    let [h1, h2, b':', m1, m2, b':', s1, s2, ..] = text else { return None };
    Some((pair(*h1, *h2)?, pair(*m1, *m2)?, pair(*s1, *s2)?))
}

fn month(name: &[u8; 3]) -> Option<u32> {
    MONTHS.iter().position(|m| m == name).and_then(|at| u32::try_from(at).ok()).and_then(|n| n.checked_add(1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn every_way_to_write_it() {
        for (stamp, want) in [
            (Stamp::numeric(b"2026/11/20 18:53:56 [error]"), "2026-11-20 18:53:56"),
            (Stamp::numeric(b"2026-11-20T18:53:56.123Z"), "2026-11-20 18:53:56"),
            (Stamp::common(b"20/Nov/2026:18:54:29.123"), "2026-11-20 18:54:29"),
            (Stamp::ctime(b"Fri Nov 20 18:54:29.123456 2026"), "2026-11-20 18:54:29"),
            (Stamp::ctime(b"Sun Nov  1 18:54:29 2026"), "2026-11-01 18:54:29"),
            (Stamp::unix(0), "1970-01-01 00:00:00"),
            (Stamp::unix(951_782_400), "2000-02-29 00:00:00"),
            (Stamp::unix(1_795_200_890), "2026-11-20 18:54:50"),
            (Stamp::unix(253_402_300_799), "9999-12-31 23:59:59"),
        ] {
            assert_eq!(stamp.unwrap().to_string(), want);
        }
    }

    #[test]
    fn what_is_no_time() {
        assert_eq!(Stamp::numeric(b"2026/13/20 18:53:56"), None);
        assert_eq!(Stamp::numeric(b"2026/11/20 24:53:56"), None);
        assert_eq!(Stamp::common(b"20/Now/2026:18:54:29"), None);
        assert_eq!(Stamp::ctime(b"Fri"), None);
        assert_eq!(Stamp::unix(u64::MAX), None);
    }
}
