//! Davys one above the other: what the lowest decides is known at the top, once, in order, and whatever stops between is told.

mod chain;
mod consumer;
mod exits;
mod outage;
mod refused;
mod silence;
mod status;
mod tower;
