//! By the browser's own Unicode, with tables for what it has no function for.
//!
//! The normal form is exact whatever the browser's version of Unicode is: only text whose characters Unicode 3.2 knows is accepted, and
//! normalization of assigned characters never changes (Unicode's stability policy). Case folding and all classes come out of the tables, since a browser's lower case is that
//! of today. Only whether a domain is valid is up to the browser's version of UTS 46.

mod domain;
#[cfg(target_arch = "wasm32")]
mod engine;
#[cfg(not(target_arch = "wasm32"))]
#[path = "stand_in.rs"]
mod engine;
mod profile;
mod punycode;
mod tables;

use std::borrow::Cow;

pub(crate) use self::domain::domain;
use self::profile::Profile;
use self::tables::Class;
use crate::{Error, Prohibited};

pub(crate) fn local(local: &str) -> Result<Cow<'_, str>, Error> {
    let local = profile::prepare(local, Profile::Node).map_err(|Prohibited| Error::Local)?;
    match local.len() {
        0 => Err(Error::LocalEmpty),
        1..=1023 => Ok(local),
        _ => Err(Error::LocalTooLong),
    }
}

pub(crate) fn resource(resource: &str) -> Result<Cow<'_, str>, Error> {
    let resource = profile::prepare(resource, Profile::Resource).map_err(|Prohibited| Error::Resource)?;
    match resource.len() {
        0 => Err(Error::ResourceEmpty),
        1..=1023 => Ok(resource),
        _ => Err(Error::ResourceTooLong),
    }
}

pub(crate) fn saslprep(text: &str) -> Result<Cow<'_, str>, Prohibited> {
    profile::prepare(text, Profile::Sasl)
}

pub(crate) fn is_unassigned(character: char) -> bool {
    Class::of(character) == Class::Unassigned
}
