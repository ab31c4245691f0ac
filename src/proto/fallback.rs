//! The writing half of fallback indication (XEP-0428), which several extensions have a use for. What is read is in `features::fallback`.

use super::xml::{Writer, ns};

/// Says that the texts of a message of ours are fallback: all of them, or the body up to a place in code points.
pub(crate) fn write(w: &mut Writer, purpose: &str, end: Option<usize>) {
    w.open("fallback", ns::FALLBACK).attr("for", purpose);
    if let Some(end) = end {
        w.open("body", ns::FALLBACK).attr("start", "0").attr("end", &end.to_string()).close();
    }
    w.close();
}
