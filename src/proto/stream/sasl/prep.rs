//! SASLprep (RFC 4013) of usernames and passwords.
//!
//! Code points that Unicode 3.2 did not know, emoji among them, are kept as they are ("query strings" in RFC 3454, section 7).
//! For passwords that is one step away from RFC 5802, section 2.2, which wants them refused, and on purpose: servers store such
//! passwords, RFC 8265 (which replaces SASLprep) allows them, and a user who has one must be able to log in. Whatever SASLprep
//! would map or forbid is still mapped and forbidden.

use zeroize::Zeroizing;

use super::SaslError;

/// `text` after SASLprep. `field` names it in the error.
pub(super) fn prepare(text: &str, field: &'static str) -> Result<Zeroizing<String>, SaslError> {
    let mut prepared = Zeroizing::new(String::with_capacity(text.len()));
    // Normalization and prohibition never look across a code point that is unassigned, so the runs between them are prepared one
    // by one. Only the rule on right-to-left text (RFC 3454, section 6) then holds for each run instead of the whole.
    let mut rest = text;
    while !rest.is_empty() {
        let run_end = rest.find(waxwing_unicode::is_unassigned).unwrap_or(rest.len());
        let (run, tail) = rest.split_at(run_end);
        let run = waxwing_unicode::saslprep(run).map_err(|waxwing_unicode::Prohibited| SaslError::BadCredentials {
            field,
            problem: "contains characters that SASLprep (RFC 4013) does not allow",
        })?;
        prepared.push_str(&Zeroizing::new(run.into_owned()));
        let tail_start = tail.chars().next().map_or(0, char::len_utf8);
        let (unassigned, tail) = tail.split_at(tail_start);
        prepared.push_str(unassigned);
        rest = tail;
    }
    // RFC 5802, section 5.1: a preparation that leaves nothing aborts the exchange.
    if prepared.is_empty() {
        return Err(SaslError::BadCredentials { field, problem: "is empty" });
    }
    Ok(prepared)
}
