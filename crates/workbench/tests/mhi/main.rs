//! Major hazard sources: worked cases, and what holds of all of them.

mod cases;
mod live;
mod properties;
mod support;
