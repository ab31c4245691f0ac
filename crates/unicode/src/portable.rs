//! By the tables of `jid` and `stringprep`: the reference.

use std::borrow::Cow;

use jid::{DomainPart, NodePart, ResourcePart};

use crate::{Error, Prohibited};

pub(crate) fn local(local: &str) -> Result<Cow<'_, str>, Error> {
    Ok(match NodePart::new(local).map_err(error)? {
        Cow::Borrowed(part) => Cow::Borrowed(part.as_str()),
        Cow::Owned(part) => Cow::Owned(part.into_inner()),
    })
}

pub(crate) fn domain(domain: &str) -> Result<Cow<'_, str>, Error> {
    Ok(match DomainPart::new(domain).map_err(error)? {
        Cow::Borrowed(part) => Cow::Borrowed(part.as_str()),
        Cow::Owned(part) => Cow::Owned(part.into_inner()),
    })
}

pub(crate) fn resource(resource: &str) -> Result<Cow<'_, str>, Error> {
    Ok(match ResourcePart::new(resource).map_err(error)? {
        Cow::Borrowed(part) => Cow::Borrowed(part.as_str()),
        Cow::Owned(part) => Cow::Owned(part.into_inner()),
    })
}

pub(crate) fn saslprep(text: &str) -> Result<Cow<'_, str>, Prohibited> {
    stringprep::saslprep(text).map_err(|_| Prohibited)
}

pub(crate) fn is_unassigned(character: char) -> bool {
    stringprep::tables::unassigned_code_point(character)
}

fn error(error: jid::Error) -> Error {
    match error {
        jid::Error::NodeEmpty => Error::LocalEmpty,
        jid::Error::NodeTooLong => Error::LocalTooLong,
        jid::Error::NodePrep => Error::Local,
        jid::Error::ResourceEmpty | jid::Error::ResourceMissingInFullJid => Error::ResourceEmpty,
        jid::Error::ResourceTooLong => Error::ResourceTooLong,
        jid::Error::ResourcePrep | jid::Error::ResourceInBareJid => Error::Resource,
        jid::Error::TooManyAts => Error::TooManyAts,
        jid::Error::NamePrep | jid::Error::Idna => Error::Domain,
    }
}
