//! The nouns of Davy: tags, readings, qualities, units, tiers, alarms, transitions and time.
//!
//! Promise: values only. Everything the other rooms exchange is defined here once, under the word the glossary gives it.
//!
//! It does not know: clocks, files, networks, wire formats, rules. Time is a value that somebody else read off a clock.

mod alarm;
mod case;
mod command;
mod comparator;
mod desk;
mod duty;
mod identity;
mod input;
mod per;
mod quality;
mod quantity;
mod reading;
mod reason;
mod site;
mod source;
mod tag;
mod text;
mod tier;
mod time;
mod transition;
mod unit;
mod value;
mod vitals;

pub use alarm::{AlarmFacts, AlarmState, Condition, Shelving};
pub use case::{Case, CaseStage, Deadline, Verdict};
pub use command::{Actor, Command, CommandKind, Refusal};
pub use comparator::Comparator;
pub use desk::{Annunciation, ChatterPolicy, Desk, Escalation, FloodPolicy, Grouping, IncidentPolicy};
pub use duty::{DeskLevel, Duties, Duty};
pub use identity::{AlarmKey, NodeIndex, TagIndex, TransitionId, is_name};
pub use input::{Bundle, BundleFile, Fault, Freshness, Input, MessageHead, NodeChange, ReadingBlock};
pub use per::Per;
pub use quality::{Quality, QualityReason};
pub use quantity::{Dimension, Quantity, Substance};
pub use reading::Reading;
pub use reason::{Reason, Severity};
pub use site::{Area, Device, EdgeNode, ShelvingPolicy, Site, TimePolicy};
pub use source::{Source, SourceForm};
pub use tag::{Location, Range, Reporting, Tag};
pub use text::Text;
pub use tier::Tier;
pub use time::{Timestamp, TimestampError, micros};
pub use transition::{
    Delay, DelayKind, Evidence, LimitView, SeenAlarm, SeenReading, Summary, Transition, TransitionKind,
};
pub use unit::{Conversion, ConversionError, ReferenceState, Unit};
pub use value::Value;
pub use vitals::Vitals;
