//! What the engine keeps of a tag, and what time a reading is judged at.
//!
//! A tag has a clock of its own: the source time of its last reading, and while none comes, that plus the arrival time
//! passed since. It never goes back, and no other tag's stamps touch it.

use davy_model::{Quality, QualityReason, Reading, TimePolicy, Value, micros};

/// Between these two lies no value at all: every reading is looked at.
pub(crate) const NEVER_QUIET: (f64, f64) = (f64::INFINITY, f64::NEG_INFINITY);

/// No edge node, no group.
pub(crate) const NONE: u32 = u32::MAX;

/// Kept for every tag, so every byte counts: one line of cache, and all that a quiet reading needs.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub(crate) struct TagState {
    /// Source time of the last reading in order, µs.
    pub(crate) source_us: i64,
    /// The tag's clock at its last evidence, µs.
    pub(crate) clock_us: i64,
    /// Arrival of its last evidence; before there was any, when Davy began to listen, µs.
    pub(crate) heard_us: i64,
    /// When its silence is to be looked at next, arrival µs.
    pub(crate) silence_at_us: i64,
    /// The last value in order that was measured; no number before there was any.
    pub(crate) value: f64,
    /// No watch has anything to say to a value between these two; see [`NEVER_QUIET`].
    quiet_above: f64,
    quiet_below: f64,
    /// Who sent its last evidence.
    pub(crate) node: u32,
    /// Quality code of the last reading in order.
    pub(crate) quality: u8,
    flags: u16,
}

const _: () = assert!(size_of::<TagState>() == 64, "one line of cache a tag");

/// What to do with a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Judge it at its source time.
    Next,
    /// Its stamp lies ahead of arrival: judge it at arrival, and do not believe its stamp.
    Future,
    /// The tag's source clock is known to be wrong: judge it at arrival.
    OnArrival,
    /// The same again.
    Duplicate,
    /// Older than the last one, or older than the site accepts: not judged, unless its clock stepped.
    Older,
    /// See [`Order::Older`].
    TooOld,
}

const SEEN: u16 = 1;
const HOLDING: u16 = 2;
const ON_ARRIVAL: u16 = 4;
const SILENT: u16 = 8;
const MODE: u16 = 16;
const RESTED: u16 = 32;
const AHEAD: u16 = 64;
const LOST: u16 = 128;
/// Not in snapshots: the list of oddities says it.
const ODD: u16 = 256;
/// Not in snapshots: the list of lapses says it.
const LAPSED: u16 = 512;
/// As above.
const EMPTY: u16 = 1024;
/// Not in snapshots: the plan says it.
const FEEDS: u16 = 2048;

/// The site's policy in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    pub(crate) max_ahead_us: i64,
    pub(crate) late_after_us: i64,
    pub(crate) max_age_us: i64,
    pub(crate) settle_us: i64,
}

impl From<&TimePolicy> for Policy {
    fn from(policy: &TimePolicy) -> Policy {
        Policy {
            max_ahead_us: micros(policy.max_ahead),
            late_after_us: micros(policy.late_after),
            max_age_us: micros(policy.max_age),
            settle_us: micros(policy.backlog_settle),
        }
    }
}

impl TagState {
    /// A tag nobody has heard of yet, listened for since `now_us`.
    pub(crate) fn unheard(now_us: i64) -> TagState {
        TagState {
            source_us: i64::MIN,
            clock_us: i64::MIN,
            heard_us: now_us,
            silence_at_us: i64::MAX,
            value: f64::NAN,
            quiet_above: NEVER_QUIET.0,
            quiet_below: NEVER_QUIET.1,
            node: NONE,
            quality: 0,
            flags: 0,
        }
    }

    pub(crate) fn is_seen(&self) -> bool {
        self.flags & SEEN != 0
    }

    /// Whether its last value still counts as what the process does.
    pub(crate) fn is_holding(&self) -> bool {
        self.flags & HOLDING != 0
    }

    pub(crate) fn is_on_arrival(&self) -> bool {
        self.flags & ON_ARRIVAL != 0
    }

    /// Whether nothing about the tag itself asks for a closer look at a reading in order.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.flags & (SILENT | MODE | ODD | LAPSED | FEEDS) == 0
    }

    /// Whether calculated tags read it.
    pub(crate) fn feeds(&self) -> bool {
        self.flags & FEEDS != 0
    }

    pub(crate) fn set_feeds(&mut self, on: bool) {
        self.set(FEEDS, on);
    }

    /// Notes whether its last readings came out of order.
    pub(crate) fn set_odd(&mut self, on: bool) {
        self.set(ODD, on);
    }

    /// Whether one of its silence watches may have an active alarm.
    pub(crate) fn is_silent(&self) -> bool {
        self.flags & SILENT != 0
    }

    /// Whether its value switches a mode of the plant.
    pub(crate) fn is_mode(&self) -> bool {
        self.flags & MODE != 0
    }

    pub(crate) fn set_holding(&mut self, on: bool) {
        self.set(HOLDING, on);
    }

    pub(crate) fn set_on_arrival(&mut self, on: bool) {
        self.set(ON_ARRIVAL, on);
    }

    pub(crate) fn set_silent(&mut self, on: bool) {
        self.set(SILENT, on);
    }

    pub(crate) fn set_mode(&mut self, on: bool) {
        self.set(MODE, on);
    }

    /// Whether its last value was stamped ahead of arrival.
    pub(crate) fn is_ahead(&self) -> bool {
        self.flags & AHEAD != 0
    }

    pub(crate) fn set_ahead(&mut self, on: bool) {
        self.set(AHEAD, on);
    }

    /// Whether its last reading says anything about the process.
    pub(crate) fn has_evidence(&self) -> bool {
        self.is_seen_on_clock() && self.quality().is_evidence() && self.value.is_finite()
    }

    /// Quality of its last reading. Without a value it is bad, whatever it says.
    pub(crate) fn quality(&self) -> Quality {
        let said = Quality::from_code(self.quality).unwrap_or(Quality::Bad(QualityReason::Unspecified));
        if self.is_empty() && said.is_evidence() { Quality::Bad(QualityReason::Unspecified) } else { said }
    }

    /// Whether its last reading had no value.
    pub(crate) fn is_empty(&self) -> bool {
        self.flags & EMPTY != 0
    }

    pub(crate) fn set_empty(&mut self, on: bool) {
        self.set(EMPTY, on);
    }

    /// Whether its edge node was lost since its last evidence: what it does is not known until it reports.
    pub(crate) fn is_lost(&self) -> bool {
        self.flags & LOST != 0
    }

    pub(crate) fn set_lost(&mut self, on: bool) {
        self.set(LOST, on);
    }

    /// Whether a reading without evidence has come since its last evidence.
    pub(crate) fn has_lapsed(&self) -> bool {
        self.flags & LAPSED != 0
    }

    pub(crate) fn set_lapsed(&mut self, on: bool) {
        self.set(LAPSED, on);
    }

    pub(crate) fn set_quiet(&mut self, above: f64, below: f64) {
        (self.quiet_above, self.quiet_below) = (above, below);
    }

    /// Whether no watch of the tag can have anything to say to this value. The common case, and all it costs. Never
    /// true of a number that is none.
    #[inline]
    pub(crate) fn is_quiet(&self, value: f64) -> bool {
        value > self.quiet_above && value < self.quiet_below
    }

    fn set(&mut self, flag: u16, on: bool) {
        if on { self.flags |= flag } else { self.flags &= !flag }
    }

    /// The flags, for a snapshot.
    pub(crate) fn flags(&self) -> u8 {
        (self.flags & 0xff) as u8
    }

    /// Flags from a snapshot.
    pub(crate) fn with_flags(mut self, flags: u8) -> TagState {
        self.flags = u16::from(flags);
        self
    }

    /// The tag's clock at an arrival, while nothing comes.
    pub(crate) fn clock_at(&self, arrival_us: i64) -> i64 {
        if self.is_seen_on_clock() {
            self.clock_us.saturating_add(arrival_us.saturating_sub(self.heard_us).max(0))
        } else {
            arrival_us
        }
    }

    fn is_seen_on_clock(&self) -> bool {
        self.clock_us != i64::MIN
    }

    /// Davy listens anew from `now_us`, having heard nothing since `last_us`: the tag's clock stood still meanwhile.
    pub(crate) fn rest_until(&mut self, last_us: i64, now_us: i64) {
        if self.is_seen_on_clock() {
            self.clock_us = self.clock_at(last_us);
        }
        self.heard_us = now_us;
        self.set(RESTED, true);
    }

    /// Its clock is arrival, and goes on though nothing is heard.
    pub(crate) fn arrive_at(&mut self, now_us: i64) {
        if self.is_seen_on_clock() {
            self.clock_us = now_us;
        }
    }

    /// Whether `heard_us` is when its value arrived, not when Davy began to listen.
    pub(crate) fn is_heard(&self) -> bool {
        self.is_seen_on_clock() && self.flags & RESTED == 0
    }

    /// What to do with a reading that arrived at `arrival_us`.
    #[inline]
    pub(crate) fn order(&self, reading: &Reading, arrival_us: i64, policy: &Policy) -> Order {
        let source_us = reading.source_time.as_micros();
        let lag_us = arrival_us - source_us;
        if lag_us < -policy.max_ahead_us {
            return Order::Future;
        }
        if self.is_seen() && source_us <= self.source_us {
            return match source_us == self.source_us {
                true if self.repeats(reading) => Order::Duplicate,
                true => self.in_order(lag_us, policy),
                false => Order::Older,
            };
        }
        self.in_order(lag_us, policy)
    }

    /// Whether a reading says what the last one did; its stamp is for the caller to compare.
    pub(crate) fn repeats(&self, reading: &Reading) -> bool {
        let value = if self.is_empty() { Value::NONE } else { Value::of(self.value) };
        reading.value == value && reading.quality.code() == self.quality
    }

    fn in_order(&self, lag_us: i64, policy: &Policy) -> Order {
        let believable = lag_us <= policy.late_after_us;
        if self.is_on_arrival() && !believable {
            Order::OnArrival
        } else if lag_us > policy.max_age_us {
            Order::TooOld
        } else {
            Order::Next
        }
    }

    /// Notes the stamp and value of a reading that is in order.
    #[inline]
    pub(crate) fn note(&mut self, reading: &Reading) {
        self.source_us = reading.source_time.as_micros();
        self.note_value(reading);
        self.flags &= !AHEAD;
    }

    /// Notes the value of a reading whose stamp is not to be believed.
    #[inline]
    pub(crate) fn note_value(&mut self, reading: &Reading) {
        match reading.value.get() {
            Some(value) => {
                self.value = value;
                self.flags = (self.flags | SEEN) & !EMPTY;
            }
            None => self.flags |= SEEN | EMPTY,
        }
        self.quality = reading.quality.code();
    }

    /// Notes a value that was calculated.
    pub(crate) fn note_calculated(&mut self, value: f64, quality: Quality) {
        self.value = value;
        self.quality = quality.code();
        self.set(SEEN, true);
    }

    /// Notes evidence at a moment of the tag's clock, and who sent it.
    #[inline]
    pub(crate) fn hear(&mut self, clock_us: i64, arrival_us: i64, node: u32) {
        self.clock_us = clock_us;
        self.heard_us = arrival_us;
        self.node = node;
        self.flags = (self.flags | HOLDING) & !(RESTED | LOST);
    }
}
