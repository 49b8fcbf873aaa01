//! Between the wire and the model: one file a noun.

mod alarm;
mod alert;
mod case;
mod command;
mod evidence;
mod limit;
mod quality;
mod text;
mod time;
mod words;

pub use alarm::alarm_of;
pub use alert::alert_of;
pub use command::{command_of, verdict_of};
pub use evidence::{delay_of, seen_alarm_of, seen_reading_of, summary_of};
pub use time::{duration_from_wire, duration_to_wire, time_from_wire, time_to_wire};
