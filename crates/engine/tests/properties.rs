//! What holds of every log: proptest makes the logs, and prints the seed of one that breaks a promise.

mod support;

#[path = "properties/arbitrary.rs"]
mod arbitrary;
#[path = "properties/evidence.rs"]
mod evidence;
#[path = "properties/logs.rs"]
mod logs;
#[path = "properties/metamorphic.rs"]
mod metamorphic;
#[path = "properties/promises.rs"]
mod promises;
