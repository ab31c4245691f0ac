//! Software version (XEP-0092): answered.

use super::super::feature::Feature;

#[derive(Default)]
pub(crate) struct Version {}

impl Feature for Version {}
