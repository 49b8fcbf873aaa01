//! Inputs as bytes. Field numbers are never reused.

use std::sync::Arc;

use davy_model::{
    Actor, AlarmKey, Bundle, BundleFile, Command, CommandKind, Fault, Input, NodeChange, NodeIndex, Text,
    Tier, Timestamp,
};
use prost::Message;

use super::{
    bytes::{Malformed, Result},
    columns::{ColumnReader, ColumnWriter, Columns},
    facts::verdict,
    parts::{ActorRecord, AlarmRecord, DurationRecord, TextRecord, need},
};

#[derive(Clone, PartialEq, prost::Message)]
struct InputsRecord {
    /// In the order they were judged.
    #[prost(message, repeated, tag = "1")]
    entries: Vec<EntryRecord>,
    /// The readings of all entries that are reading blocks.
    #[prost(message, optional, tag = "2")]
    columns: Option<Columns>,
}

/// An [`InputsRecord`] without its readings.
#[derive(Clone, PartialEq, prost::Message)]
struct EntriesRecord {
    #[prost(message, repeated, tag = "1")]
    entries: Vec<EntryRecord>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct EntryRecord {
    #[prost(oneof = "EntryKind", tags = "1, 2, 3, 4, 5, 6, 7, 8")]
    kind: Option<EntryKind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum EntryKind {
    #[prost(message, tag = "1")]
    Activate(BundleRecord),
    #[prost(message, tag = "2")]
    Readings(BlockRecord),
    #[prost(message, tag = "3")]
    Node(NodeRecord),
    #[prost(message, tag = "4")]
    Command(CommandRecord),
    #[prost(message, tag = "5")]
    Fault(FaultRecord),
    #[prost(message, tag = "6")]
    Tick(()),
    #[prost(uint64, tag = "7")]
    Heartbeat(u64),
    #[prost(message, tag = "8")]
    Restarted(()),
}

#[derive(Clone, PartialEq, prost::Message)]
struct BlockRecord {
    #[prost(uint32, tag = "1")]
    messages: u32,
    #[prost(uint32, tag = "2")]
    readings: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct BundleRecord {
    #[prost(string, tag = "1")]
    site: String,
    #[prost(string, tag = "2")]
    revision: String,
    #[prost(message, repeated, tag = "3")]
    files: Vec<FileRecord>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct FileRecord {
    #[prost(string, tag = "1")]
    path: String,
    #[prost(string, tag = "2")]
    text: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct NodeRecord {
    #[prost(uint32, tag = "1")]
    node: u32,
    /// 1 online, 2 offline, 3 lost.
    #[prost(uint32, tag = "2")]
    change: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct CommandRecord {
    #[prost(message, optional, tag = "1")]
    alarm: Option<AlarmRecord>,
    #[prost(uint64, optional, tag = "2")]
    occurrence: Option<u64>,
    #[prost(message, optional, tag = "3")]
    actor: Option<ActorRecord>,
    /// 1 acknowledge, 2 shelve, 3 unshelve, 4 reset, 5 out of service, 6 in service, 7 suppress, 8 unsuppress, 9 verify,
    /// 10 act, 11 feedback, 12 close, 13 comment.
    #[prost(uint32, tag = "4")]
    kind: u32,
    /// Of a shelving.
    #[prost(message, optional, tag = "5")]
    duration: Option<DurationRecord>,
    /// Of a shelving.
    #[prost(bool, tag = "6")]
    one_shot: bool,
    /// `Verdict::code`, of a verification; else 0.
    #[prost(uint32, tag = "7")]
    verdict: u32,
    /// Empty where none was chosen, and in journals of before it was kept.
    #[prost(string, tag = "8")]
    request_id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct FaultRecord {
    #[prost(string, tag = "1")]
    part: String,
    #[prost(bool, tag = "2")]
    active: bool,
    #[prost(uint32, tag = "3")]
    tier: u32,
    #[prost(message, optional, tag = "4")]
    text: Option<TextRecord>,
}

/// The bytes of the inputs of a commit of time `at`.
pub(crate) fn encode_inputs(at: Timestamp, inputs: &[Input]) -> Vec<u8> {
    let blocks = || {
        inputs.iter().filter_map(|input| if let Input::Readings(block) = input { Some(block) } else { None })
    };
    let messages = blocks().map(|block| block.messages.len()).sum();
    let readings = blocks().map(|block| block.readings.len()).sum();
    let mut columns = ColumnWriter::new(at, messages, readings);
    blocks().for_each(|block| columns.push(block));
    let has_blocks = blocks().next().is_some();
    let entries = inputs.iter().map(|input| EntryRecord { kind: Some(entry(input)) }).collect();
    InputsRecord { entries, columns: has_blocks.then(|| columns.finish()) }.encode_to_vec()
}

/// The inputs that [`encode_inputs`] made the bytes of.
pub(crate) fn decode_inputs(at: Timestamp, bytes: &[u8]) -> Result<Vec<Input>> {
    let record = InputsRecord::decode(bytes).map_err(|_| Malformed("inputs that do not decode"))?;
    let columns = record.columns.unwrap_or_default();
    let mut reader = ColumnReader::new(at, &columns);
    let entries = record.entries.into_iter();
    let inputs = entries.map(|entry| input(entry, &mut reader)).collect::<Result<_>>()?;
    reader.finish()?;
    Ok(inputs)
}

/// The files that inputs in these bytes made active last, without looking at their readings.
pub(crate) fn last_bundle(bytes: &[u8]) -> Result<Option<Bundle>> {
    let record = EntriesRecord::decode(bytes).map_err(|_| Malformed("inputs that do not decode"))?;
    Ok(record.entries.into_iter().rev().find_map(|entry| match entry.kind {
        Some(EntryKind::Activate(bundle)) => Some(bundle.into()),
        _ => None,
    }))
}

/// The bytes of files.
pub(crate) fn encode_bundle(bundle: &Bundle) -> Vec<u8> {
    BundleRecord::from(bundle).encode_to_vec()
}

/// The files that [`encode_bundle`] made the bytes of.
pub(crate) fn decode_bundle(bytes: &[u8]) -> Result<Bundle> {
    Ok(BundleRecord::decode(bytes).map_err(|_| Malformed("files that do not decode"))?.into())
}

fn entry(input: &Input) -> EntryKind {
    match input {
        Input::Activate(bundle) => EntryKind::Activate(bundle.as_ref().into()),
        Input::Readings(block) => EntryKind::Readings(BlockRecord {
            messages: u32::try_from(block.messages.len()).expect("a commit holds fewer than 2^32 messages"),
            readings: u32::try_from(block.readings.len()).expect("a commit holds fewer than 2^32 readings"),
        }),
        Input::Node { node, change } => {
            let change = match change {
                NodeChange::Online => 1,
                NodeChange::Offline => 2,
                NodeChange::Lost => 3,
            };
            EntryKind::Node(NodeRecord { node: node.0, change })
        }
        Input::Command(command) => EntryKind::Command(command.into()),
        Input::Fault(fault) => EntryKind::Fault(FaultRecord {
            part: fault.part.to_string(),
            active: fault.active,
            tier: u32::from(fault.tier.code()),
            text: Some((&fault.text).into()),
        }),
        Input::Tick => EntryKind::Tick(()),
        Input::Heartbeat(number) => EntryKind::Heartbeat(*number),
        Input::Restarted => EntryKind::Restarted(()),
    }
}

fn input(entry: EntryRecord, columns: &mut ColumnReader<'_>) -> Result<Input> {
    Ok(match need(entry.kind)? {
        EntryKind::Activate(bundle) => Input::Activate(Arc::new(bundle.into())),
        EntryKind::Readings(block) => Input::Readings(columns.block(block.messages, block.readings)?),
        EntryKind::Node(record) => {
            let change = match record.change {
                1 => NodeChange::Online,
                2 => NodeChange::Offline,
                3 => NodeChange::Lost,
                _ => return Err(Malformed("an unknown node change")),
            };
            Input::Node { node: NodeIndex(record.node), change }
        }
        EntryKind::Command(record) => Input::Command(command(record)?),
        EntryKind::Fault(record) => Input::Fault(Fault {
            part: record.part.into(),
            active: record.active,
            tier: tier(record.tier)?,
            text: Text::from(need(record.text)?),
        }),
        EntryKind::Tick(()) => Input::Tick,
        EntryKind::Heartbeat(number) => Input::Heartbeat(number),
        EntryKind::Restarted(()) => Input::Restarted,
    })
}

pub(super) fn tier(code: u32) -> Result<Tier> {
    u8::try_from(code).ok().and_then(Tier::from_code).ok_or(Malformed("an unknown tier"))
}

impl From<&Bundle> for BundleRecord {
    fn from(bundle: &Bundle) -> BundleRecord {
        let file = |file: &BundleFile| FileRecord { path: file.path.clone(), text: file.text.clone() };
        BundleRecord {
            site: bundle.site.to_string(),
            revision: bundle.revision.to_string(),
            files: bundle.files.iter().map(file).collect(),
        }
    }
}

impl From<BundleRecord> for Bundle {
    fn from(record: BundleRecord) -> Bundle {
        let file = |file: FileRecord| BundleFile { path: file.path, text: file.text };
        Bundle {
            site: record.site.into(),
            revision: record.revision.into(),
            files: record.files.into_iter().map(file).collect(),
        }
    }
}

impl From<&Command> for CommandRecord {
    fn from(command: &Command) -> CommandRecord {
        let (kind, duration, one_shot) = match command.kind {
            CommandKind::Acknowledge => (1, None, false),
            CommandKind::Shelve { duration, one_shot } => (2, Some(duration.into()), one_shot),
            CommandKind::Unshelve => (3, None, false),
            CommandKind::Reset => (4, None, false),
            CommandKind::SetOutOfService => (5, None, false),
            CommandKind::ReturnToService => (6, None, false),
            CommandKind::Suppress => (7, None, false),
            CommandKind::Unsuppress => (8, None, false),
            CommandKind::Verify(_) => (9, None, false),
            CommandKind::Act => (10, None, false),
            CommandKind::GiveFeedback => (11, None, false),
            CommandKind::Close => (12, None, false),
            CommandKind::Comment => (13, None, false),
        };
        let verdict = match command.kind {
            CommandKind::Verify(verdict) => u32::from(verdict.code()),
            _ => 0,
        };
        CommandRecord {
            alarm: Some((&command.alarm).into()),
            occurrence: command.occurrence,
            actor: Some((&command.actor).into()),
            kind,
            duration,
            one_shot,
            verdict,
            request_id: command.request_id.to_string(),
        }
    }
}

fn command(record: CommandRecord) -> Result<Command> {
    let kind = match record.kind {
        1 => CommandKind::Acknowledge,
        2 => CommandKind::Shelve { duration: need(record.duration)?.duration()?, one_shot: record.one_shot },
        3 => CommandKind::Unshelve,
        4 => CommandKind::Reset,
        5 => CommandKind::SetOutOfService,
        6 => CommandKind::ReturnToService,
        7 => CommandKind::Suppress,
        8 => CommandKind::Unsuppress,
        9 => CommandKind::Verify(verdict(record.verdict)?),
        10 => CommandKind::Act,
        11 => CommandKind::GiveFeedback,
        12 => CommandKind::Close,
        13 => CommandKind::Comment,
        _ => return Err(Malformed("an unknown command")),
    };
    Ok(Command {
        alarm: AlarmKey::from(need(record.alarm)?),
        occurrence: record.occurrence,
        actor: Actor::from(need(record.actor)?),
        kind,
        request_id: record.request_id.into(),
    })
}
