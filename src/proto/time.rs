//! Time as the core sees it: handed in with every call, never read (I3).
//!
//! Dates are reckoned by hand: a library for them has time zones and calendars, and is 4 KB of WebAssembly for two functions.

/// The moment of an input or a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds on a clock that never goes back, from any start. Deadlines are counted on it.
    pub mono_ms: u64,
    /// Milliseconds since 1970-01-01 UTC, for timestamps that people see.
    pub wall_ms: i64,
}

const DAY_S: i64 = 24 * 60 * 60;

/// From 0001-01-01 to 1970-01-01.
const EPOCH_DAY: i64 = 719_162;

/// The moments that four digits of a year can tell.
const WRITABLE_MS: std::ops::Range<i64> = -62_167_219_200_000..253_402_300_800_000;

/// Days before each month of a year that is no leap year, and before the next year.
const MONTHS: [i64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

/// Reads an XEP-0082 date-time into milliseconds since 1970-01-01 UTC.
pub(crate) fn parse_timestamp(text: &str) -> Option<i64> {
    let mut reader = Reader(text.as_bytes());
    let year = reader.number(4, b"-")?;
    let month = reader.number(2, b"-")?;
    let day = reader.number(2, b"Tt ")?;
    let hour = reader.number(2, b":")?;
    let minute = reader.number(2, b":")?;
    let second = reader.number(2, b"")?;
    let mut ms = 0;
    if reader.skip(b".").is_some() {
        ms = reader.digit()? * 100;
        let mut unit = 10;
        while let Some(digit) = reader.digit() {
            ms += digit * unit;
            unit /= 10;
        }
    }
    let offset_s = match reader.skip(b"Zz+-")? {
        sign @ (b'+' | b'-') => {
            let (hours, minutes) = (reader.number(2, b":")?, reader.number(2, b"")?);
            let seconds = (hours * 60 + minutes) * 60;
            (hours < 24 && minutes < 60).then_some(if sign == b'-' { -seconds } else { seconds })?
        }
        _ => 0,
    };
    // A minute may have a leap second.
    let is_time = hour < 24 && minute < 60 && second <= 60;
    if !reader.0.is_empty() || !is_time {
        return None;
    }
    let seconds = day_of(year, month, day)? * DAY_S + (hour * 60 + minute) * 60 + second - offset_s;
    Some(seconds * 1_000 + ms)
}

/// Writes an XEP-0082 date-time in UTC, to the second.
pub(crate) fn format_timestamp(wall_ms: i64) -> String {
    let seconds = if WRITABLE_MS.contains(&wall_ms) { wall_ms.div_euclid(1_000) } else { 0 };
    let (day, time) = (seconds.div_euclid(DAY_S) + EPOCH_DAY, seconds.rem_euclid(DAY_S));
    // No year has more days than that, so that this one is not too late, and seldom too early.
    let mut year = day.div_euclid(366) + 1;
    while days_before(year + 1) <= day {
        year += 1;
    }
    let of_year = day - days_before(year);
    let mut month = 12;
    while days_before_month(year, month) > of_year {
        month -= 1;
    }
    let of_month = of_year - days_before_month(year, month) + 1;
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{of_month:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Which day a date is, from 1970-01-01 on.
fn day_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let before = days_before_month(year, month);
    let is_date = (1..=12).contains(&month) && (1..=days_before_month(year, month + 1) - before).contains(&day);
    is_date.then_some(days_before(year) + before + day - 1 - EPOCH_DAY)
}

/// From 0001-01-01 to the beginning of a year.
fn days_before(year: i64) -> i64 {
    let years = year - 1;
    years * 365 + years.div_euclid(4) - years.div_euclid(100) + years.div_euclid(400)
}

/// From the beginning of a year to that of a month; the thirteenth is the next year.
fn days_before_month(year: i64, month: i64) -> i64 {
    let is_leap = days_before(year + 1) - days_before(year) == 366;
    let days = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month));
    days.copied().unwrap_or_default() + i64::from(is_leap && month > 2)
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// A number of so many digits, with one of these behind it, if there are any.
    fn number(&mut self, digits: usize, behind: &[u8]) -> Option<i64> {
        let mut number = 0;
        for _ in 0..digits {
            number = number * 10 + self.digit()?;
        }
        if !behind.is_empty() {
            self.skip(behind)?;
        }
        Some(number)
    }

    fn digit(&mut self) -> Option<i64> {
        self.skip(b"0123456789").map(|digit| i64::from(digit - b'0'))
    }

    /// The next byte, if it is one of these.
    fn skip(&mut self, any: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        if !any.contains(first) {
            return None;
        }
        self.0 = rest;
        Some(*first)
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use proptest::prelude::*;
    use xmpp_parsers::date::DateTime;

    use super::*;

    fn theirs(text: &str) -> Option<i64> {
        DateTime::from_str(text).ok().map(|stamp| stamp.0.timestamp_millis())
    }

    proptest! {
        #[test]
        fn what_a_library_reads_and_writes_is_read_and_written(ms in WRITABLE_MS, minutes in -1439_i32..1440) {
            let zone = chrono::FixedOffset::east_opt(minutes * 60).unwrap();
            let moment = chrono::DateTime::from_timestamp_millis(ms).unwrap();
            prop_assert_eq!(format_timestamp(ms), moment.format("%Y-%m-%dT%H:%M:%SZ").to_string());
            prop_assert_eq!(parse_timestamp(&moment.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string()), Some(ms));
            let there = moment.with_timezone(&zone).format("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string();
            prop_assert_eq!(parse_timestamp(&there), theirs(&there));
        }

        #[test]
        fn dates_that_are_none_are_told_as_by_a_library(
            date in "(19|20|00)[0-9]{2}-[01][0-9]-[0-3][0-9]",
            time in "[012][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,4})?",
            zone in "(Z|[+-][012][0-9]:[0-6][0-9])",
        ) {
            let text = format!("{date}T{time}{zone}");
            prop_assert_eq!(parse_timestamp(&text), theirs(&text), "{}", text);
        }
    }

    #[test]
    fn a_moment_is_written_as_xep_0082_says() {
        assert_eq!(format_timestamp(-14_159_025_000), "1969-07-21T02:56:15Z");
        assert_eq!(format_timestamp(1_031_699_305_999), "2002-09-10T23:08:25Z");
        assert_eq!(format_timestamp(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(format_timestamp(i64::MAX), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn date_times_of_xep_0082_are_read() {
        assert_eq!(parse_timestamp("1969-07-21T02:56:15Z"), Some(-14_159_025_000));
        assert_eq!(parse_timestamp("1969-07-20T21:56:15-05:00"), Some(-14_159_025_000));
        assert_eq!(parse_timestamp("2002-09-10T23:08:25.123Z"), Some(1_031_699_305_123));
        assert_eq!(parse_timestamp("2016-12-31T23:59:60Z"), Some(1_483_228_800_000));
        for text in [
            "yesterday",
            "",
            "2002-09-10",
            "2002-09-10T23:08:25",
            "2002-09-10T23:08:25Z ",
            "2001-02-29T00:00:00Z",
            "2002-09-10T24:00:00Z",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }
}
