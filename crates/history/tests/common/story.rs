//! Batches as a site's log would give them.

use std::{sync::Arc, time::Duration};

use davy_history::{Activation, Batch, Position, Row, Scope, Series, StoredTransition};
use davy_model::*;

#[path = "../../../model/tests/raised/mod.rs"]
mod raised;

/// The site of all stories.
pub(crate) const SITE: &str = "park";

/// A moment, as text.
pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::from_micros(text.parse::<jiff::Timestamp>().expect("a time").as_microsecond())
}

/// A tag's series.
pub(crate) fn series(tag: &str) -> Series {
    Series {
        tag: tag.into(),
        unit: "ppm".into(),
        quantity: "gas.h2s".into(),
        title_en: tag.into(),
        title_zh: "".into(),
        area: Some("tank-farm".into()),
    }
}

/// Good, and a second on its way.
pub(crate) fn row(series: u32, time: Timestamp, value: f64) -> Row {
    let arrival = time.plus(Duration::from_secs(1));
    Row { series, time, arrival, value: Value::of(value), quality: Quality::Good }
}

/// That nothing was measured.
pub(crate) fn nothing(series: u32, time: Timestamp) -> Row {
    Row { value: Value::NONE, quality: Quality::Bad(QualityReason::SensorFailure), ..row(series, time, 0.0) }
}

/// A transition of rule `rule` on `subject`, recorded at `time`.
pub(crate) fn transition(
    sequence: u64,
    rule: &str,
    subject: &str,
    tier: Tier,
    time: Timestamp,
) -> Transition {
    Transition {
        alarm: AlarmKey { site: SITE.into(), rule: rule.into(), subject: subject.into() },
        occurrence: 1,
        tags: vec![subject.into()],
        ..raised::raised(sequence, tier, time)
    }
}

/// A transition as it is kept, its record being its number as text.
pub(crate) fn stored(transition: Transition, scopes: &[&str]) -> StoredTransition {
    StoredTransition {
        record: transition.sequence.to_string().into_bytes(),
        scopes: scopes.iter().map(|scope| Scope::from(*scope)).collect(),
        transition: Arc::new(transition),
    }
}

/// A site's log, from its beginning.
pub(crate) struct Log {
    stands: Option<Position>,
    /// What readings are of.
    pub(crate) tags: Vec<Series>,
}

impl Log {
    /// That of a site with these tags.
    pub(crate) fn new(tags: &[&str]) -> Log {
        Log { stands: None, tags: tags.iter().map(|tag| series(tag)).collect() }
    }

    /// The next batch, written at `now`.
    pub(crate) fn batch(&mut self, now: Timestamp, readings: Vec<Row>) -> Batch {
        let number = self.stands.as_ref().map_or(0, |stands| stands.number) + 1;
        let until =
            Position { number, hash: [number as u8; 32], sequence: 0, at: now, revision: "r1".into() };
        let after = self.stands.replace(until.clone());
        let files = vec![BundleFile { path: "site.yaml".to_owned(), text: "site: park\n".to_owned() }];
        let bundle = Arc::new(Bundle { site: SITE.into(), files, revision: "r1".into() });
        let activations = if after.is_none() { vec![Activation { at: now, bundle }] } else { Vec::new() };
        Batch {
            site: SITE.into(),
            after,
            begins_era: false,
            hole: None,
            until,
            series: self.tags.clone(),
            readings,
            transitions: Vec::new(),
            nodes: Vec::new(),
            activations,
            risks: Vec::new(),
        }
    }
}
