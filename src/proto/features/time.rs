//! Entity time (XEP-0202): answered, whoever asks. The offset is that of the configuration, which says UTC unless the app sets
//! it: it would tell strangers where the user is. Asking others is not built in.

use super::super::feature::{Cx, Feature, Flow};
use super::super::time::format_timestamp;
use super::super::xml::Element;

const NS_TIME: &str = "urn:xmpp:time";

#[derive(Default)]
pub(crate) struct EntityTime {}

impl Feature for EntityTime {
    fn namespaces(&self) -> &'static [&'static str] {
        &[NS_TIME]
    }

    fn handle_iq(&mut self, cx: &mut Cx<'_>, iq: Element<'_>, payload: Element<'_>) -> Flow {
        if iq.attr("type") != Some("get") || !payload.is("time", NS_TIME) {
            return Flow::Continue;
        }
        let tzo = format_offset(cx.config().utc_offset_minutes);
        let utc = format_timestamp(cx.now().wall_ms);
        // By hand: the type of xmpp-parsers writes -03:30 as "-03:-30".
        cx.answer(iq, |w| {
            w.open("time", NS_TIME).leaf("tzo", NS_TIME, &tzo).leaf("utc", NS_TIME, &utc).close();
        });
        Flow::Stop
    }
}

/// The time zone of XEP-0082, section 3.2, with UTC as `+00:00`: not all readers know `Z` here.
fn format_offset(minutes: i16) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let minutes = minutes.unsigned_abs();
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_written_with_their_sign_in_front_once() {
        for (minutes, text) in [(0, "+00:00"), (120, "+02:00"), (345, "+05:45"), (-30, "-00:30"), (-210, "-03:30")] {
            assert_eq!(format_offset(minutes), text);
        }
    }
}
