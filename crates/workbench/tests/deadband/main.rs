//! Deadband profiles: the vectors that people read are run, by the profiles and, for Davy's own, by the engine.

mod differences;
mod support;
mod vectors;
