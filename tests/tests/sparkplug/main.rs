//! Davy as a Sparkplug host with a real Mosquitto between it and a simulated edge node, each in a process of its own.

mod ends;
mod order;
mod page;
mod plant;
mod program;
mod story;
