//! How many failures there were, and when: a bar for each stretch of time.
//!
//! At most [`BARS`] bars, whatever times are in the log. Stretches grow until they fit.

use std::collections::BTreeMap;
use std::io::{self, Write};

use badgateway::dialect::logs::Stamp;

const BARS: i64 = 30;
const COLUMNS: u64 = 40;
/// Minutes, days at the end; beyond them twice as many each time.
const WIDTHS: [i64; 10] = [1, 5, 15, 30, 60, 180, 360, 720, 1440, 10_080];

/// Counts by time.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    /// Minutes of one bar.
    width: i64,
    /// By minutes since 1970, divided by the width.
    bars: BTreeMap<i64, u64>,
}

impl Histogram {
    pub(crate) const fn new() -> Self {
        Self { width: 1, bars: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, stamp: Stamp) {
        let minute = minute(stamp);
        *self.bars.entry(minute.div_euclid(self.width)).or_default() += 1;
        while self.span() > BARS {
            let wider = WIDTHS.iter().copied().find(|width| *width > self.width).unwrap_or(self.width * 2);
            let mut bars = BTreeMap::new();
            for (bar, count) in &self.bars {
                *bars.entry((bar * self.width).div_euclid(wider)).or_default() += count;
            }
            (self.width, self.bars) = (wider, bars);
        }
    }

    fn span(&self) -> i64 {
        match (self.bars.first_key_value(), self.bars.last_key_value()) {
            (Some((first, _)), Some((last, _))) => last - first + 1,
            _ => 0,
        }
    }

    /// Writes the bars, none if there are no times.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let (Some((first, _)), Some((last, _))) = (self.bars.first_key_value(), self.bars.last_key_value()) else {
            return Ok(());
        };
        let most = self.bars.values().copied().max().unwrap_or(1);
        writeln!(out, "\nOver time, in the log's own zone; a bar is {}", length(self.width))?;
        for bar in *first..=*last {
            let count = self.bars.get(&bar).copied().unwrap_or(0);
            let columns = (count * COLUMNS).div_ceil(most) as usize;
            let bar = format!("{}  {count:>9}  {}", time(bar * self.width), "#".repeat(columns));
            writeln!(out, "  {}", bar.trim_end())?;
        }
        Ok(())
    }
}

fn length(minutes: i64) -> String {
    match minutes {
        1 => "a minute".into(),
        60 => "an hour".into(),
        1440 => "a day".into(),
        n if n % 1440 == 0 => format!("{} days", n / 1440),
        n if n % 60 == 0 => format!("{} hours", n / 60),
        n => format!("{n} minutes"),
    }
}

/// Minutes since 1970. Howard Hinnant's `days_from_civil`.
fn minute(stamp: Stamp) -> i64 {
    let (month, day) = (i64::from(stamp.month), i64::from(stamp.day));
    let year = i64::from(stamp.year) - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    days * 1440 + i64::from(stamp.hour) * 60 + i64::from(stamp.minute)
}

/// `2026-11-20 18:53`, and back.
fn time(minute: i64) -> String {
    let (days, of_day) = (minute.div_euclid(1440) + 719_468, minute.rem_euclid(1440));
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", of_day / 60, of_day % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(year: u16, month: u8, day: u8, hour: u8, minute: u8) -> Stamp {
        Stamp { year, month, day, hour, minute, second: 0 }
    }

    #[test]
    fn there_and_back() {
        for (stamp, want) in [
            (stamp(1970, 1, 1, 0, 0), 0),
            (stamp(2026, 11, 20, 18, 54), 1_795_200_840 / 60),
            (stamp(2000, 2, 29, 23, 59), 951_868_740 / 60),
        ] {
            assert_eq!(minute(stamp), want);
            assert_eq!(time(want), stamp.to_string()[..16]);
        }
    }

    #[test]
    fn bars_fit() {
        let mut histogram = Histogram::new();
        for n in 0..100_u8 {
            histogram.add(stamp(2026, 11, 20, 18 + n / 60, n % 60));
        }
        assert_eq!((histogram.width, histogram.bars.values().sum::<u64>()), (5, 100));
        // A clock that was wrong.
        histogram.add(stamp(0, 1, 1, 0, 0));
        histogram.add(stamp(9999, 12, 31, 0, 0));
        assert!(histogram.span() <= BARS && histogram.bars.values().sum::<u64>() == 102);
        let mut out = Vec::new();
        histogram.write(&mut out).unwrap();
        assert!(String::from_utf8(out).unwrap().lines().count() <= BARS as usize + 2);
    }
}
