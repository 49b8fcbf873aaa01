//! A message read once more, on its own: no number, order or death is looked at, and nothing of a session changes.
//!
//! A birth names its metrics itself. Data says what it means by births only: a name means what the births at hand say of it,
//! and an alias that only if they stood already when the message came. What an earlier birth meant by it is over.

use davy_model::Reason;

use super::{
    Settings, Verb,
    payload::Head,
    reader::{MetricSpot, Reader},
    session::{Message, Session, refusal_of, too_long},
    table::{NODE, Table, Told},
};
use crate::{Form, Rejection, Sink, Summary, tally::Tally};

/// What births told, without a session: enough to read data by.
#[derive(Debug)]
pub struct Births {
    settings: Settings,
    table: Table,
}

impl Births {
    /// None so far.
    pub fn new(settings: Settings) -> Births {
        Births { settings, table: Table::new() }
    }

    /// Reads a message: a birth is known from then on, data is read by the births before it.
    pub fn read(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Summary {
        match message.verb {
            Verb::NodeBirth | Verb::DeviceBirth => birth(&mut self.table, &self.settings, message, sink),
            _ => data(&mut self.table, &self.settings, message, true, sink),
        }
    }
}

impl Session {
    /// Reads a message once more that came at its `arrival`. Nothing of the session changes by it, and nothing is asked.
    pub fn read_again(&mut self, message: &Message<'_>, sink: &mut dyn Sink) -> Summary {
        let is_alive = self.is_alive();
        let (settings, table) = self.settings_and_table();
        match message.verb {
            Verb::NodeBirth | Verb::DeviceBirth => birth(&mut Table::new(), settings, message, sink),
            _ if !is_alive || !table.is_alive(message.device) => {
                data(&mut Table::new(), settings, message, true, sink)
            }
            _ => {
                let place = table.place(message.device).unwrap_or(NODE);
                let stood = table.device(place).born.is_some_and(|born| born < message.arrival);
                data(table, settings, message, stood, sink)
            }
        }
    }
}

fn birth(table: &mut Table, settings: &Settings, message: &Message<'_>, sink: &mut dyn Sink) -> Summary {
    read(settings, message, sink, |head, tally| {
        let place = table.born(message.device).0;
        let mut reader = reader(settings, table, tally, head, place);
        reader.birth(message.device, Told::new(), message.payload);
    })
}

fn data(
    table: &mut Table,
    settings: &Settings,
    message: &Message<'_>,
    knows_aliases: bool,
    sink: &mut dyn Sink,
) -> Summary {
    if matches!(message.verb, Verb::NodeDeath | Verb::DeviceDeath | Verb::NodeCommand | Verb::DeviceCommand) {
        return Summary::empty(Form::SparkplugB);
    }
    read(settings, message, sink, |head, tally| match table.is_alive(message.device) {
        true => {
            let place = table.place(message.device).unwrap_or(NODE);
            reader(settings, table, tally, head, place).data_again(message.payload, knows_aliases);
        }
        false => tally.problem(no_birth(head)),
    })
}

fn read(
    settings: &Settings,
    message: &Message<'_>,
    sink: &mut dyn Sink,
    of_metrics: impl FnOnce(&Head, &mut Tally<'_>),
) -> Summary {
    let refused = |refusal: Rejection, sink: &mut dyn Sink| {
        let rejected = refusal.readings;
        sink.problem(refusal);
        Summary { rejected, ..Summary::empty(Form::SparkplugB) }
    };
    let len_max = settings.limits.payload_len_max;
    if message.payload.len() > len_max {
        return refused(too_long(message.payload.len(), len_max), sink);
    }
    match Head::read(message.payload) {
        Err(broken) => refused(refusal_of(message.payload, &broken), sink),
        Ok(head) => {
            let empty = Summary { seq: head.seq, ..Summary::empty(Form::SparkplugB) };
            let mut tally = Tally::new(sink, empty, settings.limits, 0);
            of_metrics(&head, &mut tally);
            tally.finish()
        }
    }
}

fn reader<'r, 's>(
    settings: &'r Settings,
    table: &'r mut Table,
    tally: &'r mut Tally<'s>,
    head: &Head,
    place: u32,
) -> Reader<'r, 's> {
    Reader { settings, table, tally, sent_ms: head.timestamp, place, is_missing_one: false }
}

fn no_birth(head: &Head) -> Rejection {
    let seq = head.seq.map_or_else(|| "no seq".to_owned(), |seq| format!("seq {seq}"));
    let expected = "a birth of the edge node or device that stands";
    let fix = "send it again once a birth stands, or name the birth by --birth; what came before a birth by alias alone is over";
    let refusal = Rejection::new(Reason::SparkplugNoBirth, String::new(), &seq, expected, fix);
    Rejection { readings: head.metrics, ..refusal }
}

/// An alias of a birth that does not stand any more.
pub(super) fn alias_is_over(alias: u64, spot: MetricSpot) -> Box<Rejection> {
    let got = format!("alias {alias}, of a birth before the one that stands");
    let expected = "a name, or an alias of the birth that stood when the message came";
    let fix = "nothing: what the alias meant is over; an edge node that keeps history sends it again itself";
    Rejection::new(Reason::SparkplugNoBirth, spot.pointer_to_name(), &got, expected, fix).into()
}
