//! One message between the codec and the batch: metrics become readings, remarks are counted.

use davy_codec::{Metric, Rejection, Sink};
use davy_model::{Freshness, Reading};

use crate::bind::{Moment, NodeBinding, Sent};
use crate::remark::field;

/// Takes what the codec reads of one message.
pub(crate) struct Taker<'d> {
    pub(crate) binding: &'d mut NodeBinding,
    pub(crate) moment: Moment,
    pub(crate) readings: &'d mut Vec<Reading>,
    pub(crate) findings: &'d mut Vec<Rejection>,
    /// Metrics the codec could read, bound or not.
    pub(crate) metrics: u64,
    /// Readings refused, by the codec or in binding.
    pub(crate) refused: u64,
    /// Readings that follow each other and are equally fresh; the last run is still open.
    pub(crate) runs: Runs,
}

/// How many readings in a row are how fresh. Most messages are one run.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    closed: Vec<(u32, Freshness)>,
    open: (u32, Freshness),
}

impl Runs {
    fn note(&mut self, freshness: Freshness) {
        if self.open.1 != freshness {
            self.close();
            self.open.1 = freshness;
        }
        self.open.0 += 1;
    }

    fn close(&mut self) {
        if self.open.0 > 0 {
            self.closed.push(self.open);
        }
        self.open.0 = 0;
    }

    /// All runs, in their order; none is empty.
    pub(crate) fn finish(mut self) -> impl Iterator<Item = (u32, Freshness)> {
        let last = (self.open.0 > 0).then_some(self.open);
        std::mem::take(&mut self.closed).into_iter().chain(last)
    }
}

impl Taker<'_> {
    /// A metric the codec could read; `pointer` is asked only when there is something to say of a field.
    pub(crate) fn take(&mut self, sent: &Sent<'_>, pointer: impl Fn(&str) -> String) {
        self.metrics += 1;
        let before = self.findings.len();
        let reading = self.binding.bind(sent, &self.moment, self.findings);
        let account = &self.binding.door.account;
        for finding in &mut self.findings[before..] {
            finding.pointer = pointer(field(finding.reason));
            finding.readings = u32::from(reading.is_none());
            // A reading that passes counts once, among the accepted, whatever is said of it.
            match reading {
                Some(_) => account.warn(finding.reason),
                None => account.reject(finding.reason, 1),
            }
        }
        match reading {
            Some(reading) => {
                self.readings.push(reading);
                self.runs.note(if sent.historical { Freshness::Historical } else { Freshness::Live });
            }
            None => self.refused += 1,
        }
    }

    /// Something the codec could not read, or finds odd.
    pub(crate) fn remark(&mut self, finding: Rejection) {
        let account = &self.binding.door.account;
        if finding.readings == 0 {
            account.warn(finding.reason);
        } else {
            self.refused += u64::from(finding.readings);
            account.reject(finding.reason, u64::from(finding.readings));
        }
        self.findings.push(finding);
    }
}

impl Sink for Taker<'_> {
    fn metric(&mut self, metric: Metric<'_>) {
        let sent = Sent {
            name: &metric.name,
            value: metric.value,
            unit: metric.unit.as_deref(),
            time: metric.time,
            quality: metric.quality,
            historical: metric.historical,
        };
        self.take(&sent, |field| metric.pointer(field));
    }

    fn problem(&mut self, rejection: Rejection) {
        self.remark(rejection);
    }
}
