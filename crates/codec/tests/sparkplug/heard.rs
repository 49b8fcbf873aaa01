//! A host that writes down what a session tells, and a stage to play on.

use std::time::Duration;

use davy_codec::{
    Metric, Rejection, Sink, Summary,
    sparkplug::{Host, Message, Session, Settings},
};
use davy_model::{NodeChange, Timestamp};

use crate::edge_node::{EdgeNode, Sent};

/// 2026-11-23T08:00:00Z, ms.
pub(crate) const START_MS: u64 = 1_795_420_800_000;

/// What was told, in lines: `online`, `lost`, `rebirth`, `name=value[unit]!quality(historical)`, `CODE*readings`.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) lines: Vec<String>,
    pub(crate) rejections: Vec<Rejection>,
    pub(crate) summaries: Vec<Summary>,
    pub(crate) cannot_ask: bool,
    open: bool,
}

impl Sink for Heard {
    fn metric(&mut self, metric: Metric<'_>) {
        assert!(self.open, "a metric outside a message");
        let value = metric.value.map_or_else(|| "none".to_owned(), |value| value.to_string());
        let mut line = format!("{}={value}", metric.name);
        if let Some(unit) = &metric.unit {
            line += &format!("[{unit}]");
        }
        if metric.quality != davy_model::Quality::Good {
            line += &format!("!{}", metric.quality);
        }
        if metric.historical {
            line += "(historical)";
        }
        self.lines.push(line);
    }

    fn problem(&mut self, rejection: Rejection) {
        assert!(self.open, "a problem outside a message");
        self.lines.push(format!("{}*{}", rejection.reason, rejection.readings));
        self.rejections.push(rejection);
    }
}

impl Host for Heard {
    fn begin(&mut self, _message: &Message<'_>) {
        assert!(!self.open, "a message within a message");
        self.open = true;
    }

    fn end(&mut self, _message: &Message<'_>, summary: Summary) {
        self.open = false;
        self.summaries.push(summary);
    }

    fn node(&mut self, change: NodeChange) {
        assert!(!self.open, "it came or went within a message");
        self.lines.push(format!("{change:?}").to_lowercase());
    }

    fn ask_rebirth(&mut self) -> bool {
        if !self.cannot_ask {
            self.lines.push("rebirth".into());
        }
        !self.cannot_ask
    }
}

/// A session, an edge node, and a clock that only the test moves.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) session: Session,
    pub(crate) heard: Heard,
    pub(crate) node: EdgeNode,
    pub(crate) now: Timestamp,
}

impl Stage {
    pub(crate) fn new() -> Stage {
        Stage::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Stage {
        Stage {
            session: Session::new(settings),
            heard: Heard::default(),
            node: EdgeNode::new(START_MS),
            now: Timestamp::from_micros(START_MS as i64 * 1000),
        }
    }

    /// A message arrives; gives what was told, as one line.
    pub(crate) fn take(&mut self, sent: &Sent) -> String {
        self.session.take(&sent.arriving(self.now), &mut self.heard);
        self.told()
    }

    /// As a message that a broker had kept.
    pub(crate) fn take_stored(&mut self, sent: &Sent) -> String {
        let message = Message { is_stored: true, ..sent.arriving(self.now) };
        self.session.take(&message, &mut self.heard);
        self.told()
    }

    /// Time passes, and the session is looked at.
    pub(crate) fn wait(&mut self, ms: u64) -> String {
        self.now = self.now.plus(Duration::from_millis(ms));
        self.session.tick(self.now, &mut self.heard);
        self.told()
    }

    pub(crate) fn told(&mut self) -> String {
        std::mem::take(&mut self.heard.lines).join(" ")
    }
}
