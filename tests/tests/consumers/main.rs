//! Durable consumers, from outside: what they filter by, how they are marked and resume, who is told of them.

mod filters;
mod plant;
