//! Holds MQTT sessions, through Davy's own door and through an external broker, and makes one ordered batch of what they
//! bring.
//!
//! Promise: a message is acknowledged when everything of it that a site could take is durable, and not before. Every reading is
//! accounted for: handed over, rejected with a reason, or dropped and counted. One bad reading costs that reading
//! only. Memory is bounded: inboxes in bytes, lists and rings in number.
//!
//! It does not know: rules, alarms, the journal, configuration files. Time comes from a clock it is lent.

mod account;
mod address;
mod batch;
mod bind;
pub mod broker;
mod call_side;
mod certificate;
mod dead_letters;
mod decode;
mod desk;
mod directory;
mod discovered;
mod door_side;
mod feedback;
mod gaps;
pub mod hj212;
mod identifiers;
mod inbox;
mod intake;
mod letter;
mod letter_groups;
mod letter_store;
mod message;
mod presence;
mod quota;
mod remark;
mod replay;
pub mod rights;
mod score;
mod scores;
mod seq_window;
pub mod sparkplug;
mod taker;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod topic;
mod topic_desk;
mod trial;
mod way;

pub use account::{Account, Cause, Fate, Tally, Totals};
pub use call_side::{CallIntake, NotPublished, Publication, Taken};
pub use certificate::{certificate_end_s, certificate_names};
pub use davy_codec::Rejection;
pub use dead_letters::DeadLetters;
pub use directory::{Directory, Keeping, SiteDoor};
pub use discovered::{Discovered, DiscoveredTag};
pub use door_side::{DoorIntake, Session};
pub use feedback::{Feedback, Publisher, Route};
pub use gaps::{GAP_GRACE, Gaps, Lost};
pub use inbox::{Ack, Answer, Inbox, InboxReceiver, NotTaken, Parcel};
pub use intake::{Clock, Intake, PAYLOAD_BYTES_MAX, Strays};
pub use letter::{DeadLetter, LetterFilter, Origin};
pub use letter_groups::Group;
pub use letter_store::{Inboxes, LetterStore};
pub use presence::{NodePresence, Presence, SessionId};
pub use quota::QuotaConfig;
pub use replay::{NotReplayed, Replayed};
pub use score::{DeviceScore, Marks, Score, Scorecard};
pub use scores::Scores;
pub use topic::{Audible, Channel, ROOT, Topic, feedback_topic, readings_topic, site_filters};
pub use trial::{Trial, TrialReading, TrialSender, Tried};
pub use way::{Mappings, Way, WayError, WayFault, ways};
