//! How a snapshot lies in bytes. Field numbers are never reused, and never change their meaning.

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(super) struct State {
    #[prost(uint32, tag = "1")]
    pub(super) schema: u32,
    #[prost(string, tag = "2")]
    pub(super) revision: String,
    #[prost(sint64, tag = "3")]
    pub(super) clock_us: i64,
    #[prost(uint64, tag = "4")]
    pub(super) sequence: u64,
    #[prost(message, optional, tag = "5")]
    pub(super) tags: Option<Tags>,
    #[prost(message, repeated, tag = "6")]
    pub(super) nodes: Vec<Node>,
    #[prost(message, repeated, tag = "7")]
    pub(super) alarms: Vec<AlarmState>,
    #[prost(message, repeated, tag = "8")]
    pub(super) retired: Vec<Retired>,
    #[prost(bool, repeated, tag = "9")]
    pub(super) modes_on: Vec<bool>,
    #[prost(message, repeated, tag = "10")]
    pub(super) oddities: Vec<OddityState>,
    #[prost(message, repeated, tag = "11")]
    pub(super) ahead: Vec<Ahead>,
    #[prost(message, repeated, tag = "12")]
    pub(super) lapses: Vec<LapseState>,
    /// One for each calculated tag, in the plan's order.
    #[prost(message, repeated, tag = "13")]
    pub(super) memories: Vec<MemoryState>,
    #[prost(message, repeated, tag = "14")]
    pub(super) incidents: Vec<IncidentState>,
    /// One for each desk, in the site's order, and one more.
    #[prost(message, repeated, tag = "15")]
    pub(super) loads: Vec<LoadState>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Tags {
    #[prost(sfixed64, repeated, tag = "1")]
    pub(super) source_us: Vec<i64>,
    #[prost(sfixed64, repeated, tag = "2")]
    pub(super) clock_us: Vec<i64>,
    #[prost(sfixed64, repeated, tag = "3")]
    pub(super) heard_us: Vec<i64>,
    #[prost(double, repeated, tag = "4")]
    pub(super) value: Vec<f64>,
    #[prost(fixed32, repeated, tag = "5")]
    pub(super) node: Vec<u32>,
    #[prost(bytes = "vec", tag = "6")]
    pub(super) quality: Vec<u8>,
    #[prost(bytes = "vec", tag = "7")]
    pub(super) flags: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Node {
    #[prost(sint64, tag = "1")]
    pub(super) heard_us: i64,
    #[prost(bool, tag = "2")]
    pub(super) is_lost: bool,
    #[prost(sint64, tag = "3")]
    pub(super) lost_us: i64,
    #[prost(bool, tag = "4")]
    pub(super) has_waiting_tags: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct AlarmState {
    /// Place of the watch; absent for alarms of clocks and of Davy's own parts.
    #[prost(uint32, optional, tag = "1")]
    pub(super) watch: Option<u32>,
    #[prost(string, tag = "2")]
    pub(super) rule: String,
    #[prost(string, tag = "3")]
    pub(super) subject: String,
    #[prost(bool, tag = "4")]
    pub(super) is_clock: bool,
    #[prost(message, optional, tag = "5")]
    pub(super) facts: Option<Facts>,
    #[prost(uint64, tag = "6")]
    pub(super) occurrence: u64,
    #[prost(uint32, tag = "7")]
    pub(super) step: u32,
    #[prost(sint64, optional, tag = "8")]
    pub(super) first_out_us: Option<i64>,
    #[prost(message, repeated, tag = "9")]
    pub(super) levels: Vec<Level>,
    #[prost(uint32, optional, tag = "10")]
    pub(super) latch_tier: Option<u32>,
    #[prost(bool, tag = "11")]
    pub(super) node_lost: bool,
    #[prost(bool, tag = "12")]
    pub(super) unsounded: bool,
    #[prost(sint64, optional, tag = "13")]
    pub(super) settle_us: Option<i64>,
    #[prost(sint64, optional, tag = "14")]
    pub(super) re_alarm_us: Option<i64>,
    #[prost(sint64, optional, tag = "15")]
    pub(super) re_alarm_every_us: Option<i64>,
    #[prost(sint64, tag = "16")]
    pub(super) odd_us: i64,
    #[prost(uint64, tag = "17")]
    pub(super) raised_sequence: u64,
    #[prost(uint64, tag = "18")]
    pub(super) last_sequence: u64,
    #[prost(string, optional, tag = "19")]
    pub(super) incident: Option<String>,
    #[prost(string, optional, tag = "20")]
    pub(super) desk: Option<String>,
    #[prost(uint32, tag = "21")]
    pub(super) escalations: u32,
    #[prost(sint64, optional, tag = "22")]
    pub(super) sounded_us: Option<i64>,
    #[prost(sint64, optional, tag = "23")]
    pub(super) escalate_us: Option<i64>,
    #[prost(sint64, repeated, tag = "24")]
    pub(super) raises_us: Vec<i64>,
    #[prost(sint64, optional, tag = "25")]
    pub(super) chatter_us: Option<i64>,
    /// 0 none, 1 flood, 2 chatter.
    #[prost(uint32, tag = "26")]
    pub(super) quiet: u32,
    /// Absent where nobody is late.
    #[prost(message, optional, tag = "27")]
    pub(super) late: Option<LateState>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Facts {
    #[prost(bool, tag = "1")]
    pub(super) active: bool,
    #[prost(bool, tag = "2")]
    pub(super) acknowledged: bool,
    #[prost(bool, tag = "3")]
    pub(super) latched: bool,
    #[prost(message, optional, tag = "4")]
    pub(super) shelving: Option<Shelf>,
    #[prost(string, optional, tag = "5")]
    pub(super) suppressed_by: Option<String>,
    #[prost(bool, tag = "6")]
    pub(super) in_service: bool,
    #[prost(uint32, tag = "7")]
    pub(super) tier: u32,
    #[prost(uint32, tag = "8")]
    pub(super) tier_highest: u32,
    #[prost(message, optional, tag = "9")]
    pub(super) case: Option<CaseState>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct CaseState {
    #[prost(uint64, tag = "1")]
    pub(super) began: u64,
    #[prost(uint32, tag = "2")]
    pub(super) tier: u32,
    /// 0 none, else `Verdict::code`.
    #[prost(uint32, tag = "3")]
    pub(super) verdict: u32,
    #[prost(bool, tag = "4")]
    pub(super) acted: bool,
    #[prost(bool, tag = "5")]
    pub(super) feedback: bool,
    #[prost(string, repeated, tag = "6")]
    pub(super) told: Vec<String>,
    #[prost(message, optional, tag = "7")]
    pub(super) acknowledge: Option<DeadlineState>,
    #[prost(message, optional, tag = "8")]
    pub(super) give_feedback: Option<DeadlineState>,
    #[prost(bool, tag = "9")]
    pub(super) unheard: bool,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct DeadlineState {
    #[prost(sint64, tag = "1")]
    pub(super) since_us: i64,
    #[prost(sint64, tag = "2")]
    pub(super) by_us: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct LateState {
    #[prost(bool, tag = "1")]
    pub(super) acknowledge: bool,
    #[prost(bool, tag = "2")]
    pub(super) feedback: bool,
    #[prost(string, optional, tag = "3")]
    pub(super) climbed: Option<String>,
    #[prost(sint64, tag = "4")]
    pub(super) climbed_us: i64,
    #[prost(sint64, optional, tag = "5")]
    pub(super) due_us: Option<i64>,
    #[prost(bool, tag = "6")]
    pub(super) is_graver: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Shelf {
    #[prost(sint64, tag = "1")]
    pub(super) until_us: i64,
    #[prost(bool, tag = "2")]
    pub(super) one_shot: bool,
    #[prost(string, tag = "3")]
    pub(super) by: String,
}

/// 0 normal, 1 rising, 2 active, 3 falling.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Level {
    #[prost(uint32, tag = "1")]
    pub(super) state: u32,
    #[prost(message, optional, tag = "2")]
    pub(super) hold: Option<HoldState>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct HoldState {
    #[prost(sint64, tag = "1")]
    pub(super) since_us: i64,
    #[prost(sint64, tag = "2")]
    pub(super) elapsed_us: i64,
    #[prost(sint64, tag = "3")]
    pub(super) counted_us: i64,
    #[prost(message, optional, tag = "4")]
    pub(super) first: Option<SeenState>,
    #[prost(message, optional, tag = "5")]
    pub(super) last: Option<SeenState>,
    #[prost(uint32, tag = "6")]
    pub(super) readings: u32,
    #[prost(bool, tag = "7")]
    pub(super) stands_still: bool,
    #[prost(sint64, optional, tag = "8")]
    pub(super) resumed_us: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct SeenState {
    #[prost(double, tag = "1")]
    pub(super) value: f64,
    #[prost(uint32, tag = "2")]
    pub(super) quality: u32,
    #[prost(sint64, tag = "3")]
    pub(super) source_us: i64,
    #[prost(sint64, tag = "4")]
    pub(super) arrival_us: i64,
    #[prost(sint64, tag = "5")]
    pub(super) judged_us: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Retired {
    #[prost(string, tag = "1")]
    pub(super) rule: String,
    #[prost(string, tag = "2")]
    pub(super) subject: String,
    #[prost(uint64, tag = "3")]
    pub(super) occurrence: u64,
    #[prost(uint32, tag = "4")]
    pub(super) step: u32,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct OddityState {
    #[prost(uint32, tag = "1")]
    pub(super) tag: u32,
    #[prost(uint32, tag = "2")]
    pub(super) readings: u32,
    #[prost(sint64, tag = "3")]
    pub(super) source_us: i64,
    #[prost(sint64, tag = "4")]
    pub(super) arrival_us: i64,
    #[prost(sint64, tag = "5")]
    pub(super) last_us: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Ahead {
    #[prost(uint32, tag = "1")]
    pub(super) tag: u32,
    #[prost(sint64, tag = "2")]
    pub(super) source_us: i64,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct LapseState {
    #[prost(uint32, tag = "1")]
    pub(super) tag: u32,
    #[prost(sint64, tag = "2")]
    pub(super) since_us: i64,
    #[prost(message, optional, tag = "3")]
    pub(super) last: Option<SaidState>,
    #[prost(message, optional, tag = "4")]
    pub(super) measured: Option<SaidState>,
    /// Its last reading had no value.
    #[prost(bool, tag = "5")]
    pub(super) is_empty: bool,
    #[prost(message, optional, tag = "6")]
    pub(super) good: Option<SaidState>,
    /// In the unit of the tag.
    #[prost(double, optional, tag = "7")]
    pub(super) good_value: Option<f64>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct SaidState {
    #[prost(uint32, tag = "1")]
    pub(super) quality: u32,
    #[prost(sint64, tag = "2")]
    pub(super) source_us: i64,
    #[prost(sint64, tag = "3")]
    pub(super) arrival_us: i64,
    #[prost(sint64, tag = "4")]
    pub(super) judged_us: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct MemoryState {
    #[prost(message, repeated, tag = "1")]
    pub(super) inputs: Vec<KeptState>,
    #[prost(message, optional, tag = "2")]
    pub(super) command: Option<SeenState>,
    #[prost(sint64, optional, tag = "3")]
    pub(super) due_us: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct KeptState {
    #[prost(message, repeated, tag = "1")]
    pub(super) readings: Vec<SeenState>,
    #[prost(message, repeated, tag = "2")]
    pub(super) cells: Vec<CellState>,
    #[prost(message, optional, tag = "3")]
    pub(super) open: Option<OpenState>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct OpenState {
    #[prost(double, tag = "1")]
    pub(super) value: f64,
    #[prost(uint32, tag = "2")]
    pub(super) quality: u32,
    #[prost(sint64, tag = "3")]
    pub(super) summed_us: i64,
    #[prost(sint64, tag = "4")]
    pub(super) since_us: i64,
    #[prost(double, tag = "5")]
    pub(super) area_before: f64,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct CellState {
    #[prost(sint64, tag = "1")]
    pub(super) begins_us: i64,
    #[prost(sint64, tag = "2")]
    pub(super) from_us: i64,
    #[prost(sint64, tag = "3")]
    pub(super) until_us: i64,
    #[prost(sint64, tag = "4")]
    pub(super) covered_us: i64,
    #[prost(double, tag = "5")]
    pub(super) area: f64,
    #[prost(double, tag = "6")]
    pub(super) min: f64,
    #[prost(double, tag = "7")]
    pub(super) max: f64,
    #[prost(double, tag = "8")]
    pub(super) last: f64,
    #[prost(uint32, tag = "9")]
    pub(super) readings: u32,
    #[prost(uint32, tag = "10")]
    pub(super) quality: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct IncidentState {
    #[prost(string, tag = "1")]
    pub(super) group: String,
    #[prost(string, tag = "2")]
    pub(super) id: String,
    #[prost(sint64, tag = "3")]
    pub(super) last_us: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct LoadState {
    #[prost(sint64, repeated, tag = "1")]
    pub(super) came_us: Vec<i64>,
    #[prost(bool, tag = "2")]
    pub(super) is_flooded: bool,
    #[prost(sint64, optional, tag = "3")]
    pub(super) due_us: Option<i64>,
}
