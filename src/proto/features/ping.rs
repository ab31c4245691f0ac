//! Ping (XEP-0199): answered.

use super::super::feature::Feature;

#[derive(Default)]
pub(crate) struct Ping {}

impl Feature for Ping {}
