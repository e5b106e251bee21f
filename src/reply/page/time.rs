//! A time for people and programs: `2026-11-21 15:02:24Z` in UTC.
//!
//! Its one rule: the time is the caller's; there is no clock in here.

use std::time::{SystemTime, UNIX_EPOCH};

const LENGTH: usize = 20;
/// 10000-01-01, after which a year has more than four digits.
const END: u64 = 253_402_300_800;

/// A time as text.
#[derive(Clone, Copy)]
pub(super) struct Utc([u8; LENGTH]);

impl Utc {
    /// `None` for a time before 1970 or after the year 9999.
    pub(super) fn of(time: SystemTime) -> Option<Self> {
        let seconds = time.duration_since(UNIX_EPOCH).ok()?.as_secs();
        if seconds >= END {
            return None;
        }
        let (year, month, day) = civil(seconds / 86_400);
        let mut text = *b"0000-00-00 00:00:00Z";
        for (start, length, number) in [
            (0, 4, year),
            (5, 2, month),
            (8, 2, day),
            (11, 2, seconds / 3600 % 24),
            (14, 2, seconds / 60 % 60),
            (17, 2, seconds % 60),
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

/// Year, month and day of that many days after 1970-01-01 (Howard Hinnant's `civil_from_days`: years begin in March, so
/// that the leap day comes last).
#[allow(clippy::arithmetic_side_effects)] // fewer days than there are in ten thousand years
const fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let january = month >= 10;
    (year + era * 400 + january as u64, if january { month - 9 } else { month + 3 }, day)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::*;

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
