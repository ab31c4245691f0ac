//! The thin face.
