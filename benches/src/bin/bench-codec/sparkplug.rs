//! Data of a Sparkplug B edge node, by aliases, each message in its turn.

use anyhow::{Result, ensure};
use davy_codec::{
    Metric, Rejection, Sink, Summary,
    sparkplug::{Host, Message, Session, Settings, Verb},
};
use davy_model::NodeChange;
use prost::Message as _;

#[path = "../../../../crates/codec/tests/support/sparkplug.rs"]
mod edge_node;

use self::edge_node::{EdgeNode, Payload, Value, aliased, named};
use crate::case::{ARRIVAL, Case, READINGS, Sum, TYPED, value};

/// Messages until an edge node's count begins again.
const COUNT: usize = 256;

/// Hears a session, and counts.
struct Ear<'s>(&'s mut Sum);

impl Sink for Ear<'_> {
    fn metric(&mut self, metric: Metric<'_>) {
        self.0.metric(metric);
    }

    fn problem(&mut self, rejection: Rejection) {
        self.0.problem(rejection);
    }
}

impl Host for Ear<'_> {
    fn begin(&mut self, _message: &Message<'_>) {}

    fn end(&mut self, _message: &Message<'_>, _summary: Summary) {}

    fn node(&mut self, _change: NodeChange) {}

    fn ask_rebirth(&mut self) -> bool {
        self.0.problems += 1;
        true
    }
}

/// A session keeps count, so the payloads are a whole round of it.
pub(crate) fn data() -> Result<Case> {
    let mut node = EdgeNode::new(1_795_420_800_000);
    let alias = |at: usize| at as u64 + 1;
    let birth =
        node.nbirth((0..READINGS).map(|at| named(&format!("AT-{at:04}/h2s"), alias(at), 0.0)).collect());
    let data =
        (0..COUNT).map(|_| node.ndata((0..READINGS).map(|at| aliased(alias(at), value(at))).collect()));
    let payloads = data.map(|sent| sent.payload).collect();
    let mut session = Session::new(Settings::default());
    let mut sum = Sum::default();
    session.take(&birth.arriving(ARRIVAL), &mut Ear(&mut sum));
    ensure!(session.is_alive() && sum.problems == 0, "the birth was not taken");
    Ok(Case {
        name: "Sparkplug B, data by alias / prost",
        decode: Box::new(move |payload, sum| {
            let message =
                Message { verb: Verb::NodeData, device: None, payload, arrival: ARRIVAL, is_stored: false };
            session.take(&message, &mut Ear(sum));
        }),
        payloads,
        floor: Box::new(|payload| {
            let payload = Payload::decode(payload).ok()?;
            let number = |metric: &edge_node::Metric| match metric.value {
                Some(Value::Double(value)) => Some(value),
                _ => None,
            };
            Some(payload.metrics.iter().filter_map(number).sum())
        }),
        budget: TYPED,
    })
}
