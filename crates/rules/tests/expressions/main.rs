//! Expressions: what is accepted and gives what, what is refused and where, and what holds of any text.

mod accepted;
mod cost;
mod evidence;
mod hostile;
mod inputs;
mod refused;
