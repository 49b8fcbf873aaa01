//! What of a payload reaches the sink, and how much of it was good.

use davy_model::Reason;

use crate::{Limits, Metric, Place, Rejection, Sink, Summary};

/// Stands between a codec and the sink: counts, bounds, and warns of unknown fields once.
pub(crate) struct Tally<'s> {
    sink: &'s mut dyn Sink,
    pub(crate) summary: Summary,
    limits: Limits,
    /// Metrics and problems so far.
    pub(crate) events: usize,
    /// How many of those the sink has had from an earlier pass over the same payload.
    skip: usize,
    /// Readings past the limit.
    over: u32,
    unknown_told: bool,
}

impl<'s> Tally<'s> {
    /// Nothing yet; the first `skip` events are counted and not told again.
    pub(crate) fn new(sink: &'s mut dyn Sink, summary: Summary, limits: Limits, skip: usize) -> Tally<'s> {
        Tally { sink, summary, limits, events: 0, skip, over: 0, unknown_told: false }
    }

    /// A good metric.
    #[inline]
    pub(crate) fn metric(&mut self, metric: Metric<'_>) {
        if self.is_full() {
            self.over += 1;
            return;
        }
        self.summary.accepted += 1;
        self.events += 1;
        if self.events > self.skip {
            self.sink.metric(metric);
        }
    }

    /// A reading that is not even looked at, since there are too many before it.
    pub(crate) fn too_many(&mut self) {
        self.over += 1;
    }

    /// Something refused, or odd.
    pub(crate) fn problem(&mut self, rejection: Rejection) {
        if rejection.readings > 0 && self.is_full() {
            self.over += rejection.readings;
            return;
        }
        self.summary.rejected += rejection.readings;
        self.events += 1;
        if self.events > self.skip {
            self.sink.problem(rejection);
        }
    }

    /// A field nobody knows. The sink hears of the first one only.
    pub(crate) fn unknown_field(&mut self, place: Place, field: &str) {
        if std::mem::replace(&mut self.unknown_told, true) {
            return;
        }
        let fix = match meant(field) {
            Some(known) => format!("call it {known}"),
            None => "leave it out; other unknown fields of this message are not listed".to_owned(),
        };
        let expected = "tag, value, unit, ts, quality; or ts and values; or seq and readings";
        let pointer = place.field(field);
        self.problem(Rejection::new(Reason::FieldUnknown, pointer, field, expected, &fix).free());
    }

    /// Tells what was left out for want of room. The last call.
    pub(crate) fn finish(mut self) -> Summary {
        if self.over > 0 {
            let max = self.limits.readings_max;
            let got = format!("{} readings", u64::from(max) + u64::from(self.over));
            let expected = format!("at most {max} readings");
            let fix = "split it into several messages";
            let refusal = Rejection::new(Reason::PayloadTooLarge, String::new(), &got, &expected, fix);
            self.summary.rejected += self.over;
            self.sink.problem(Rejection { readings: self.over, ..refusal });
        }
        self.summary
    }

    fn is_full(&self) -> bool {
        self.summary.accepted + self.summary.rejected >= self.limits.readings_max
    }
}

/// The documented name of a field that other formats call `field`.
pub(crate) fn meant(field: &str) -> Option<&'static str> {
    const NAMES: [(&str, &[&str]); 5] = [
        ("tag", &["name", "point", "id", "key", "sensor", "n"]),
        ("value", &["val", "v", "data", "reading"]),
        ("unit", &["units", "uom", "u"]),
        ("ts", &["timestamp", "time", "t", "datetime", "date"]),
        ("quality", &["status", "q", "state", "flag"]),
    ];
    let is = |alias: &&str| alias.eq_ignore_ascii_case(field);
    NAMES.iter().find(|(known, aliases)| aliases.iter().any(is) || is(known)).map(|(known, _)| *known)
}
