//! Plants that behave, the gateways that publish them, and the replay of recordings.
//!
//! A [`Gateway`] is an MQTT client like any vendor's: it knows Davy by the documented topics and payloads alone, so what
//! works here works for a stranger. A [`plant`] is a pure function of a seed and of plant time, with a script of episodes
//! whose ground truth is known. [`Simulation`] joins the two for the sample sites; [`replay`](replay::replay) publishes a
//! recorded CSV as a gateway would have. [`sparkplug`] has an edge node that speaks Sparkplug B.
//!
//! It does not know: rules, alarms, the engine, or any other crate of Davy.

mod gateway;
mod message;
pub mod plant;
pub mod replay;
mod run;
pub mod sparkplug;

pub use gateway::{BrokerUrl, Counts, Credentials, Gateway, GatewayConfig, GatewayError, Link, StopReport};
pub use message::{Reading, readings_message};
pub use run::{Simulation, SimulationConfig, Totals};
