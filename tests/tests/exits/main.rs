//! Exits of a running Davy, from outside: what a plant is told when alerts do not get out.

mod faults;
mod receiver;
