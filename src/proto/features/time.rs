//! Entity time (XEP-0202): answered.

use super::super::feature::Feature;

#[derive(Default)]
pub(crate) struct EntityTime {}

impl Feature for EntityTime {}
