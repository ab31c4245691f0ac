//! From a counted stanza to the features.
