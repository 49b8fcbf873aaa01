//! What the journal remembers of the commits it let go: the files that were active, by which the first kept commit is
//! read, and of each alarm the transitions that say how it stood.

use std::{collections::BTreeMap, sync::Arc};

use davy_model::{AlarmKey, Bundle, Transition, TransitionKind};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use crate::{
    error::{JournalError, Result},
    numbers::{int, natural},
    pack::{Packer, unpack},
    record, row, schema,
};

/// Of schema 2.
pub(crate) const TABLES: &str = "
CREATE TABLE base_files(
  id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL,
  checksum BLOB NOT NULL, bundle BLOB NOT NULL) STRICT;
CREATE TABLE base_alarms(
  sequence INTEGER PRIMARY KEY, alarm TEXT NOT NULL, checksum BLOB NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE INDEX base_alarms_by_alarm ON base_alarms(alarm, sequence);
";

/// The files that were active where a journal begins.
#[derive(Clone, Debug, PartialEq)]
pub struct BaseFiles {
    /// The commit that made them active. It was let go.
    pub activated_in: u64,
    /// What was made active.
    pub bundle: Arc<Bundle>,
}

/// Takes over what has to be known of the commits after `base` up to `last`, before they go.
pub(crate) fn remember(conn: &Connection, packer: &mut Packer, base: u64, last: u64) -> Result<()> {
    let mut files = None;
    let mut alarms = BTreeMap::<AlarmKey, Remembered>::new();
    let mut statement = conn.prepare_cached(
        "SELECT number, transitions, inputs FROM commits WHERE number > ?1 AND number <= ?2 ORDER BY number",
    )?;
    let mut rows = statement.query([int(base)?, int(last)?])?;
    while let Some(row) = rows.next()? {
        let number = natural(row.get(0)?)?;
        for transition in row::transitions(number, row.get_ref(1)?.as_blob().unwrap_or_default())? {
            match alarms.get_mut(&transition.alarm) {
                Some(alarm) => alarm.note(transition),
                None => {
                    let mut alarm = Remembered::read(conn, &transition.alarm)?;
                    let key = transition.alarm.clone();
                    alarm.note(transition);
                    alarms.insert(key, alarm);
                }
            }
        }
        let inputs = unpack(row.get_ref(2)?.as_blob().unwrap_or_default());
        let bundle = inputs.and_then(|bytes| record::last_bundle(&bytes).map_err(|what| what.to_string()));
        let bundle = bundle.map_err(|what| JournalError::damaged(format!("commit {number}"), what))?;
        files = bundle.map(|bundle| (number, bundle)).or(files);
    }
    if let Some((number, bundle)) = files {
        write_files(conn, packer, number, &bundle)?;
    }
    alarms.into_iter().try_for_each(|(key, alarm)| alarm.write(conn, packer, &key))
}

fn write_files(conn: &Connection, packer: &mut Packer, number: u64, bundle: &Bundle) -> Result<()> {
    let bytes = packer.pack(&record::encode_bundle(bundle))?;
    let number = int(number)?;
    conn.execute(
        "INSERT OR REPLACE INTO base_files(id, number, checksum, bundle) VALUES(1, ?1, ?2, ?3)",
        params![number, checksum(number, &bytes), bytes],
    )?;
    Ok(())
}

/// The files that were active at the base, if one of the commits let go said so.
pub(crate) fn files(conn: &Connection) -> Result<Option<BaseFiles>> {
    if schema::version(conn)? < 2 {
        return Ok(None);
    }
    let row: Option<(i64, [u8; 32], Vec<u8>)> = conn
        .query_row("SELECT number, checksum, bundle FROM base_files", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((number, noted, packed)) = row else { return Ok(None) };
    let damaged = |what: String| JournalError::damaged("the files at the base", what);
    if noted != checksum(number, &packed) {
        return Err(damaged("their checksum does not hold".to_owned()));
    }
    let bytes = unpack(&packed).map_err(damaged)?;
    let bundle = record::decode_bundle(&bytes).map_err(|what| damaged(what.to_string()))?;
    Ok(Some(BaseFiles { activated_in: natural(number)?, bundle: Arc::new(bundle) }))
}

/// The transition with that sequence, if it was let go and is remembered.
pub(crate) fn transition(conn: &Connection, sequence: u64) -> Result<Option<Transition>> {
    let Ok(sequence) = int(sequence) else { return Ok(None) };
    Ok(read(conn, "WHERE sequence = ?1", [sequence])?.pop())
}

/// What is remembered of an alarm from before a sequence, the oldest first.
pub(crate) fn of_alarm(conn: &Connection, alarm: &AlarmKey, before: u64) -> Result<Vec<Transition>> {
    let mut found = read(conn, "WHERE alarm = ?1", [alarm.to_string()])?;
    // Two keys may be written alike.
    found.retain(|transition| transition.alarm == *alarm && transition.sequence < before);
    Ok(found)
}

/// All that is remembered of alarms, the oldest first.
pub(crate) fn all(conn: &Connection) -> Result<Vec<Transition>> {
    read(conn, "", [])
}

fn read(conn: &Connection, which: &str, of: impl rusqlite::Params) -> Result<Vec<Transition>> {
    if schema::version(conn)? < 2 {
        return Ok(Vec::new());
    }
    let sql = format!("SELECT sequence, checksum, bytes FROM base_alarms {which} ORDER BY sequence");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(of)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let (sequence, noted, packed): (i64, [u8; 32], Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let damaged =
            |what: String| JournalError::damaged(format!("transition {sequence}, which is remembered"), what);
        if noted != checksum(sequence, &packed) {
            return Err(damaged("its checksum does not hold".to_owned()));
        }
        let bytes = unpack(&packed).map_err(damaged)?;
        found.extend(record::decode_transitions(&bytes).map_err(|what| damaged(what.to_string()))?);
    }
    Ok(found)
}

/// What is remembered of one alarm: what a list of alarms shows of it.
#[derive(Default)]
struct Remembered {
    /// What raised it last, while it stands.
    raised: Option<Transition>,
    /// What a value decided last, while it stands.
    decided: Option<Transition>,
    last: Option<Transition>,
}

impl Remembered {
    fn read(conn: &Connection, alarm: &AlarmKey) -> Result<Remembered> {
        let mut remembered = Remembered::default();
        of_alarm(conn, alarm, u64::MAX)?.into_iter().for_each(|transition| remembered.note(transition));
        Ok(remembered)
    }

    fn note(&mut self, transition: Transition) {
        if !transition.facts.stands() {
            *self = Remembered { last: Some(transition), ..Remembered::default() };
            return;
        }
        if transition.kind == TransitionKind::Raised {
            self.raised = Some(transition.clone());
        }
        if transition.value.is_some() {
            self.decided = Some(transition.clone());
        }
        self.last = Some(transition);
    }

    fn write(self, conn: &Connection, packer: &mut Packer, alarm: &AlarmKey) -> Result<()> {
        let name = alarm.to_string();
        for old in of_alarm(conn, alarm, u64::MAX)? {
            conn.execute("DELETE FROM base_alarms WHERE sequence = ?1", [int(old.sequence)?])?;
        }
        let mut statement = conn.prepare_cached(
            "INSERT OR REPLACE INTO base_alarms(sequence, alarm, checksum, bytes) VALUES(?1, ?2, ?3, ?4)",
        )?;
        for transition in [self.raised, self.decided, self.last].into_iter().flatten() {
            let sequence = int(transition.sequence)?;
            let bytes = packer.pack(&record::encode_transitions(&[transition]))?;
            statement.execute(params![sequence, name, checksum(sequence, &bytes), bytes])?;
        }
        Ok(())
    }
}

fn checksum(number: i64, packed: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(number.to_le_bytes()).chain_update(packed).finalize().into()
}
