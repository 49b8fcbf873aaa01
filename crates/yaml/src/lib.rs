//! Files that people write → a tree that knows where everything stands, and what a mistyped word was meant to be.
//!
//! Promise: any text at all is read to its end or refused, with its place, at a bounded cost.
//!
//! It does not know: what any key means.

mod suggest;
mod tree;

pub use suggest::nearest;
pub use tree::{Broken, Key, Node, Place, Value, parse};
