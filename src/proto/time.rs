//! Time as the core sees it: handed in with every call, never read (I3).

use std::str::FromStr;

use chrono::{Datelike, Timelike};
use xmpp_parsers::date::DateTime;

/// The moment of an input or a command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds on a clock that never goes back, from any start. Deadlines are counted on it.
    pub mono_ms: u64,
    /// Milliseconds since 1970-01-01 UTC, for timestamps that people see.
    pub wall_ms: i64,
}

/// Reads an XEP-0082 date-time into milliseconds since 1970-01-01 UTC.
pub(crate) fn parse_timestamp(text: &str) -> Option<i64> {
    DateTime::from_str(text).ok().map(|stamp| stamp.0.timestamp_millis())
}

/// Writes an XEP-0082 date-time in UTC, to the second.
pub(crate) fn format_timestamp(wall_ms: i64) -> String {
    let moment = chrono::DateTime::from_timestamp_millis(wall_ms).unwrap_or_default();
    let (date, time) = (moment.date_naive(), moment.time());
    let (year, month, day) = (date.year(), date.month(), date.day());
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", time.hour(), time.minute(), time.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_xep_0082_says() {
        assert_eq!(format_timestamp(-14_159_025_000), "1969-07-21T02:56:15Z");
        assert_eq!(format_timestamp(1_031_699_305_999), "2002-09-10T23:08:25Z");
        assert_eq!(format_timestamp(i64::MAX), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn date_times_of_xep_0082_are_read() {
        assert_eq!(parse_timestamp("1969-07-21T02:56:15Z"), Some(-14_159_025_000));
        assert_eq!(parse_timestamp("1969-07-20T21:56:15-05:00"), Some(-14_159_025_000));
        assert_eq!(parse_timestamp("2002-09-10T23:08:25.123Z"), Some(1_031_699_305_123));
        assert_eq!(parse_timestamp("yesterday"), None);
        assert_eq!(parse_timestamp(""), None);
    }
}
