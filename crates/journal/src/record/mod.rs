//! Commits as bytes: boundary types, and the only conversions between them and the model.

mod bytes;
mod columns;
mod evidence;
mod facts;
mod inputs;
mod parts;
mod transitions;

pub(crate) use bytes::Malformed;
pub(crate) use inputs::{decode_bundle, decode_inputs, encode_bundle, encode_inputs, last_bundle};
pub(crate) use transitions::{decode_transitions, encode_transitions};
