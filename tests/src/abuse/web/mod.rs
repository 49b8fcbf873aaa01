//! HTTP/1.1, JSON and gRPC-Web that should not be sent, and what browsers are made to send.

mod answer;
mod bodies;
mod browsers;
mod case;
mod floods;
mod heads;
mod json;
mod paths;
mod sessions;

pub use self::{
    case::Case,
    floods::{FLOODS, SLOW},
    sessions::STORIES,
};

/// Every row, in the order they are tried.
pub fn cases() -> Vec<Case> {
    [heads::cases(), bodies::cases(), paths::cases(), json::cases(), browsers::cases()].concat()
}
