//! The readings of a whole commit, as columns: a column of like values compresses to little, and fast.

use davy_model::{
    Freshness, MessageHead, NodeIndex, Quality, Reading, ReadingBlock, TagIndex, Timestamp, Value,
};

use super::bytes::{Bytes, Malformed, Result, put_signed, put_varint};

const REDELIVERED: u8 = 1;
const HAS_SEQ: u8 = 2;
const HISTORICAL: u8 = 4;
const REPLAYED: u8 = 8;

/// All reading blocks of one commit. Whole numbers are LEB128, differences are zigzag, values are little-endian bits.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Columns {
    /// Difference to the node of the message before.
    #[prost(bytes = "vec", tag = "1")]
    node: Vec<u8>,
    /// Microseconds since the message before; of the first, since the commit.
    #[prost(bytes = "vec", tag = "2")]
    arrival: Vec<u8>,
    /// One byte a message.
    #[prost(bytes = "vec", tag = "3")]
    flags: Vec<u8>,
    /// Of the messages that have one.
    #[prost(bytes = "vec", tag = "4")]
    seq: Vec<u8>,
    /// How many readings each message brought.
    #[prost(bytes = "vec", tag = "5")]
    len: Vec<u8>,
    /// Difference to the tag of the reading before.
    #[prost(bytes = "vec", tag = "6")]
    tag: Vec<u8>,
    /// Microseconds since the reading before; of the first, since the commit.
    #[prost(bytes = "vec", tag = "7")]
    source_time: Vec<u8>,
    /// Eight bytes a reading; of one without a value, those of a number that is none.
    #[prost(bytes = "vec", tag = "8")]
    value: Vec<u8>,
    /// Runs: code, then how often.
    #[prost(bytes = "vec", tag = "9")]
    quality: Vec<u8>,
}

/// Collects blocks into columns.
pub(crate) struct ColumnWriter {
    columns: Columns,
    node: u32,
    arrival_us: i64,
    tag: u32,
    source_us: i64,
    run: Option<(u8, u64)>,
}

impl ColumnWriter {
    /// For a commit of time `at`, that holds so many messages and readings.
    pub(crate) fn new(at: Timestamp, messages: usize, readings: usize) -> ColumnWriter {
        let columns = Columns {
            node: Vec::with_capacity(messages * 2),
            arrival: Vec::with_capacity(messages * 3),
            flags: Vec::with_capacity(messages),
            seq: Vec::with_capacity(messages * 4),
            len: Vec::with_capacity(messages * 2),
            tag: Vec::with_capacity(readings * 2),
            source_time: Vec::with_capacity(readings * 3),
            value: Vec::with_capacity(readings * 8),
            quality: Vec::new(),
        };
        let start_us = at.as_micros();
        ColumnWriter { columns, node: 0, arrival_us: start_us, tag: 0, source_us: start_us, run: None }
    }

    /// Appends one block.
    pub(crate) fn push(&mut self, block: &ReadingBlock) {
        for message in &block.messages {
            self.message(message);
        }
        for reading in &block.readings {
            self.reading(reading);
        }
    }

    fn message(&mut self, message: &MessageHead) {
        let columns = &mut self.columns;
        put_signed(&mut columns.node, i64::from(message.node.0) - i64::from(self.node));
        self.node = message.node.0;
        let arrival_us = message.arrival.as_micros();
        put_signed(&mut columns.arrival, arrival_us.wrapping_sub(self.arrival_us));
        self.arrival_us = arrival_us;
        columns.flags.push(flags(message));
        if let Some(seq) = message.seq {
            put_varint(&mut columns.seq, seq);
        }
        put_varint(&mut columns.len, u64::from(message.len));
    }

    fn reading(&mut self, reading: &Reading) {
        let columns = &mut self.columns;
        put_signed(&mut columns.tag, i64::from(reading.tag.0) - i64::from(self.tag));
        self.tag = reading.tag.0;
        let source_us = reading.source_time.as_micros();
        put_signed(&mut columns.source_time, source_us.wrapping_sub(self.source_us));
        self.source_us = source_us;
        columns.value.extend_from_slice(&reading.value.to_bits().to_le_bytes());
        let code = reading.quality.code();
        match &mut self.run {
            Some((running, count)) if *running == code => *count += 1,
            Some(_) | None => {
                self.end_run();
                self.run = Some((code, 1));
            }
        }
    }

    fn end_run(&mut self) {
        if let Some((code, count)) = self.run.take() {
            self.columns.quality.push(code);
            put_varint(&mut self.columns.quality, count);
        }
    }

    /// The columns.
    pub(crate) fn finish(mut self) -> Columns {
        self.end_run();
        self.columns
    }
}

/// Takes columns apart into the blocks they were made of.
pub(crate) struct ColumnReader<'a> {
    node: Bytes<'a>,
    arrival: Bytes<'a>,
    flags: Bytes<'a>,
    seq: Bytes<'a>,
    len: Bytes<'a>,
    tag: Bytes<'a>,
    source_time: Bytes<'a>,
    value: Bytes<'a>,
    quality: Bytes<'a>,
    node_before: i64,
    arrival_us: i64,
    tag_before: i64,
    source_us: i64,
    run: (Quality, u64),
}

impl<'a> ColumnReader<'a> {
    /// Of a commit of time `at`.
    pub(crate) fn new(at: Timestamp, columns: &'a Columns) -> ColumnReader<'a> {
        ColumnReader {
            node: Bytes(&columns.node),
            arrival: Bytes(&columns.arrival),
            flags: Bytes(&columns.flags),
            seq: Bytes(&columns.seq),
            len: Bytes(&columns.len),
            tag: Bytes(&columns.tag),
            source_time: Bytes(&columns.source_time),
            value: Bytes(&columns.value),
            quality: Bytes(&columns.quality),
            node_before: 0,
            arrival_us: at.as_micros(),
            tag_before: 0,
            source_us: at.as_micros(),
            run: (Quality::Good, 0),
        }
    }

    /// The next block, of so many messages and readings.
    pub(crate) fn block(&mut self, messages: u32, readings: u32) -> Result<ReadingBlock> {
        // A message takes a byte of flags and a reading eight of value: lengths past those are damage, not memory.
        if messages as usize > self.flags.0.len() || readings as usize > self.value.0.len() / 8 {
            return Err(Malformed("a block is longer than its columns"));
        }
        Ok(ReadingBlock {
            messages: (0..messages).map(|_| self.message()).collect::<Result<_>>()?,
            readings: (0..readings).map(|_| self.reading()).collect::<Result<_>>()?,
        })
    }

    fn message(&mut self) -> Result<MessageHead> {
        self.node_before = self.node_before.wrapping_add(self.node.signed()?);
        self.arrival_us = self.arrival_us.wrapping_add(self.arrival.signed()?);
        let flags = self.flags.byte()?;
        if flags & !(REDELIVERED | HAS_SEQ | HISTORICAL | REPLAYED) != 0 {
            return Err(Malformed("a message has unknown flags"));
        }
        let freshness = match flags & (HISTORICAL | REPLAYED) {
            0 => Freshness::Live,
            HISTORICAL => Freshness::Historical,
            REPLAYED => Freshness::Replayed,
            _ => return Err(Malformed("a message is both historical and replayed")),
        };
        let seq = if flags & HAS_SEQ != 0 { Some(self.seq.varint()?) } else { None };
        Ok(MessageHead {
            node: NodeIndex(index(self.node_before)?),
            arrival: time(self.arrival_us)?,
            seq,
            redelivered: flags & REDELIVERED != 0,
            freshness,
            len: u32::try_from(self.len.varint()?).map_err(|_| Malformed("a message is too long"))?,
        })
    }

    fn reading(&mut self) -> Result<Reading> {
        self.tag_before = self.tag_before.wrapping_add(self.tag.signed()?);
        self.source_us = self.source_us.wrapping_add(self.source_time.signed()?);
        if self.run.1 == 0 {
            let quality = Quality::from_code(self.quality.byte()?).ok_or(Malformed("an unknown quality"))?;
            self.run = (quality, self.quality.varint()?);
        }
        self.run.1 = self.run.1.checked_sub(1).ok_or(Malformed("a quality that never holds"))?;
        Ok(Reading {
            tag: TagIndex(index(self.tag_before)?),
            quality: self.run.0,
            source_time: time(self.source_us)?,
            value: Value::from_bits(u64::from_le_bytes(self.value.array()?)),
        })
    }

    /// Refuses columns that hold more than the blocks took.
    pub(crate) fn finish(self) -> Result<()> {
        let left = [self.node, self.arrival, self.flags, self.seq, self.len, self.tag, self.source_time];
        let rest = [self.value, self.quality];
        if left.iter().chain(&rest).any(|column| !column.0.is_empty()) || self.run.1 != 0 {
            return Err(Malformed("columns are longer than their blocks"));
        }
        Ok(())
    }
}

fn flags(message: &MessageHead) -> u8 {
    let redelivered = if message.redelivered { REDELIVERED } else { 0 };
    let seq = if message.seq.is_some() { HAS_SEQ } else { 0 };
    let freshness = match message.freshness {
        Freshness::Live => 0,
        Freshness::Historical => HISTORICAL,
        Freshness::Replayed => REPLAYED,
    };
    redelivered | seq | freshness
}

fn index(value: i64) -> Result<u32> {
    u32::try_from(value).map_err(|_| Malformed("an index is out of range"))
}

/// The time of that many microseconds, refused where the model would clamp it.
pub(super) fn time(micros: i64) -> Result<Timestamp> {
    let time = Timestamp::from_micros(micros);
    if time.as_micros() == micros { Ok(time) } else { Err(Malformed("a time is out of range")) }
}
