//! Commits as bytes: boundary types, and the only conversions between them and the model.

mod bytes;
mod columns;
mod evidence;
mod facts;
mod inputs;
mod parts;
mod transitions;

pub(crate) use bytes::Malformed;
pub(crate) use inputs::{decode_inputs, encode_inputs};
pub(crate) use transitions::{decode_transitions, encode_transitions};
