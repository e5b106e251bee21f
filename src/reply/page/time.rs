//! A time for people and programs: `2026-11-21 15:02:24Z` in UTC.
//!
//! The time is the caller's; there is no clock in here.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::date::Civil;

const LENGTH: usize = 20;

/// A time as text.
#[derive(Clone, Copy)]
pub(super) struct Utc([u8; LENGTH]);

impl Utc {
    /// `None` for a time before 1970 or after the year 9999.
    pub(super) fn of(time: SystemTime) -> Option<Self> {
        let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
        let Civil { year, month, day, hour, minute, second } = Civil::of(seconds)?;
        let mut text = *b"0000-00-00 00:00:00Z";
        for (start, length, number) in [
            (0, 4, year),
            (5, 2, month.into()),
            (8, 2, day.into()),
            (11, 2, hour.into()),
            (14, 2, minute.into()),
            (17, 2, second.into()),
        ] {
            let mut left = number;
            for digit in text.iter_mut().skip(start).take(length).rev() {
                *digit = b'0' | (left % 10) as u8;
                left /= 10;
            }
        }
        Some(Self(text))
    }

    /// In the form of RFC 3339 section 5.6, with its space for people.
    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::*;

    /// 10000-01-01.
    const END: u64 = 253_402_300_800;

    #[test]
    fn times() {
        let text = |seconds| Utc::of(UNIX_EPOCH + Duration::from_secs(seconds)).map(|utc| utc.text().to_owned());
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00Z"),
            (784_111_777, "1994-11-06 08:49:37Z"),
            (951_782_399, "2000-02-28 23:59:59Z"),
            (951_782_400, "2000-02-29 00:00:00Z"),
            (951_868_800, "2000-03-01 00:00:00Z"),
            (1_798_761_599, "2026-12-31 23:59:59Z"),
            (4_107_542_400, "2100-03-01 00:00:00Z"),
            (END.saturating_sub(1), "9999-12-31 23:59:59Z"),
        ] {
            assert_eq!(text(seconds).unwrap(), expected);
        }
        assert_eq!(text(END), None);
        assert!(Utc::of(UNIX_EPOCH - Duration::from_secs(1)).is_none());
    }
}
