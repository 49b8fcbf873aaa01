//! Payload bytes → metrics, or why not.
//!
//! Promise: it never panics, never gives a value that the whole payload does not hold, and never drops anything in
//! silence. One bad reading costs that reading only; its refusal says where it stood, what was there, what should have
//! been, and what to do. A good reading costs no allocation.
//!
//! It does not know: which tags a site has, what a unit converts to, what time it is, who sent the payload.

mod batch;
mod check;
mod clip;
mod codec;
mod feedback;
pub mod hj212;
mod json;
mod mapping;
mod metric;
mod native;
mod place;
mod protobuf;
mod rejection;
mod senml;
pub mod sparkplug;
mod status;
mod tally;
mod time;
mod topic;
mod wire;
mod words;

pub use batch::decode_batch;
pub use codec::{Codec, Form, Limits, Sink, Summary};
pub use feedback::Feedback;
pub use hj212::Hj212;
pub use json::Json;
pub use mapping::{Mapping, MappingProblem};
pub use metric::{At, Metric, Spot};
pub use native::{Native, is_json};
pub use place::Place;
pub use protobuf::Protobuf;
pub use rejection::{Position, Rejection};
pub use senml::Senml;
pub use status::decode_status;
pub use topic::{Captures, PatternError, TopicPattern};
