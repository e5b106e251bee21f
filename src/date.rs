//! Seconds since 1970 as a date and a time of day, in UTC.
//!
//! Four digits of year are all there are; who asks for a later one is told so.

/// Seconds of a day.
const DAY: u64 = 86_400;
/// 10000-01-01, after which a year has more than four digits.
const END: u64 = 253_402_300_800;

/// A date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: u16,
    pub(crate) month: u8,
    pub(crate) day: u8,
    pub(crate) hour: u8,
    pub(crate) minute: u8,
    pub(crate) second: u8,
}

impl Civil {
    /// `None` after the year 9999. Howard Hinnant's `civil_from_days`: years begin in March, so that the leap day comes
    /// last.
    #[allow(clippy::arithmetic_side_effects)] // fewer seconds than there are in ten thousand years
    pub(crate) const fn of(seconds: u64) -> Option<Self> {
        if seconds >= END {
            return None;
        }
        let days = seconds / DAY + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let january = month >= 10;
        Some(Self {
            year: (year + era * 400 + january as u64) as u16,
            month: if january { month - 9 } else { month + 3 } as u8,
            day: (of_year - (153 * month + 2) / 5 + 1) as u8,
            hour: (seconds / 3600 % 24) as u8,
            minute: (seconds / 60 % 60) as u8,
            second: (seconds % 60) as u8,
        })
    }
}
