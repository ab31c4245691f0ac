//! Service discovery (XEP-0030): disco#info answered with what the registry holds.

use super::super::feature::Feature;

#[derive(Default)]
pub(crate) struct Disco {}

impl Feature for Disco {}
