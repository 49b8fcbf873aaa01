//! What a test writes down → the steps of a log, in order.

use davy_model::{Freshness, MessageHead, NodeIndex, ReadingBlock, Timestamp};

use super::case::{Event, Happening, Sent, Test};

/// One step, and when it is taken.
pub(crate) struct Step<'a> {
    pub(crate) at: Timestamp,
    pub(crate) what: What<'a>,
}

/// What a step is.
pub(crate) enum What<'a> {
    /// Davy is back.
    Back,
    /// A message of one edge node.
    Message(ReadingBlock),
    /// As the file has it.
    Event(&'a Event),
}

/// What lies between two readings that come in one message: nothing.
type Key = (Timestamp, Timestamp, NodeIndex, u8);

/// All steps of a test. Of what happens in one moment, Davy is back first, then readings come, then the rest happens, in
/// the file's order.
pub(crate) fn steps(test: &Test) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = test.events.iter().filter_map(|event| back(test, event)).collect();
    steps.extend(messages(test).into_iter().map(|block| {
        let at = block.messages[0].arrival;
        Step { at, what: What::Message(block) }
    }));
    steps.extend(
        test.events.iter().map(|event| Step { at: test.start.plus(event.at), what: What::Event(event) }),
    );
    steps.sort_by_key(|step| {
        let rank = match step.what {
            What::Back => 0,
            What::Message(_) => 1,
            What::Event(_) => 2,
        };
        (step.at, rank)
    });
    steps
}

fn back<'a>(test: &Test, event: &Event) -> Option<Step<'a>> {
    match event.what {
        Happening::Down(span) => Some(Step { at: test.start.plus(event.at + span), what: What::Back }),
        Happening::Node(..) | Happening::Command(_) => None,
    }
}

/// One message an edge node and step, as gateways send them.
fn messages(test: &Test) -> Vec<ReadingBlock> {
    let mut sent: Vec<Sent> = test.readings.iter().map(|sent| kept(test, *sent)).collect();
    sent.sort_by_key(key);
    let of_one = sent.chunk_by(|a, b| key(a) == key(b));
    of_one
        .map(|message| {
            let first = message[0];
            let head = MessageHead {
                node: first.node,
                arrival: first.arrival,
                seq: None,
                redelivered: false,
                freshness: first.freshness,
                len: u32::try_from(message.len()).expect("readings of a test are bounded"),
            };
            ReadingBlock { messages: vec![head], readings: message.iter().map(|sent| sent.reading).collect() }
        })
        .collect()
}

fn key(sent: &Sent) -> Key {
    let freshness = match sent.freshness {
        Freshness::Live => 0,
        Freshness::Historical => 1,
        Freshness::Replayed => 2,
    };
    (sent.arrival, sent.reading.source_time, sent.node, freshness)
}

/// What was sent while Davy was down is kept by its edge node until it is back.
fn kept(test: &Test, sent: Sent) -> Sent {
    let down = test.events.iter().filter_map(|event| match event.what {
        Happening::Down(span) => Some((test.start.plus(event.at), test.start.plus(event.at + span))),
        Happening::Node(..) | Happening::Command(_) => None,
    });
    let back = down.filter(|(from, to)| sent.arrival > *from && sent.arrival < *to).map(|(_, to)| to).max();
    Sent { arrival: back.unwrap_or(sent.arrival), ..sent }
}
