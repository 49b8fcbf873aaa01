//! Commands that were done under an id of their own: sent again under it, one is not done again.
//!
//! It is made of the log alone, by whoever judges that, and goes into the snapshots: a restart forgets none. What was refused did
//! nothing; sent again, it is judged anew.

use std::{collections::VecDeque, sync::Arc};

use davy_intake::Answer;
use davy_model::{Command, CommandKind, Refusal};
use sha2::{Digest, Sha256};

use crate::snapshot::KeptDone;

/// How many are remembered of a site; the oldest is forgotten.
const DONE_MAX: usize = 1024;
/// What a command is known again by: so many bytes of a hash.
const HASH_LEN: usize = 16;

/// The last of them, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Done(VecDeque<(Arc<str>, [u8; HASH_LEN])>);

/// Whether it is now as was asked for: by this command, or before it.
pub(crate) fn is_as_asked(answer: &Answer) -> bool {
    matches!(answer, Ok(()) | Err(Refusal::AlreadyAcknowledged | Refusal::AlreadyVerified { .. }))
}

impl Done {
    /// As a snapshot kept them.
    pub(crate) fn kept(done: &[KeptDone]) -> Done {
        let known =
            |one: &KeptDone| Some((one.request_id.as_str().into(), one.command.as_slice().try_into().ok()?));
        Done(done.iter().filter_map(known).collect())
    }

    /// As a snapshot keeps them.
    pub(crate) fn keep(&self) -> Vec<KeptDone> {
        let keep = |(id, command): &(Arc<str>, [u8; HASH_LEN])| KeptDone {
            request_id: id.to_string(),
            command: command.to_vec(),
        };
        self.0.iter().map(keep).collect()
    }

    /// Whether that very command was done before, under the same id. An empty id is none.
    pub(crate) fn has(&self, command: &Command) -> bool {
        if command.request_id.is_empty() {
            return false;
        }
        let hash = hash(command);
        self.0.iter().rev().any(|(id, known)| *id == command.request_id && *known == hash)
    }

    /// Notes what became of a command.
    pub(crate) fn note(&mut self, command: &Command, answer: &Answer) {
        if command.request_id.is_empty() || !is_as_asked(answer) {
            return;
        }
        if self.0.len() == DONE_MAX {
            self.0.pop_front();
        }
        self.0.push_back((Arc::clone(&command.request_id), hash(command)));
    }
}

/// Of all that was asked for. Who approved is not: their word is good for one time, and what it stood for was done.
fn hash(command: &Command) -> [u8; HASH_LEN] {
    let Command { alarm, occurrence, actor, kind, request_id: _ } = command;
    let more = match kind {
        CommandKind::Shelve { duration, one_shot } => format!("{} {one_shot}", duration.as_nanos()),
        CommandKind::Verify(verdict) => verdict.word().to_owned(),
        CommandKind::Acknowledge
        | CommandKind::Unshelve
        | CommandKind::Reset
        | CommandKind::SetOutOfService
        | CommandKind::ReturnToService
        | CommandKind::Suppress
        | CommandKind::Unsuppress
        | CommandKind::Act
        | CommandKind::GiveFeedback
        | CommandKind::Close
        | CommandKind::Comment => String::new(),
    };
    let occurrence = occurrence.map(|occurrence| occurrence.to_string()).unwrap_or_default();
    let mut sha = Sha256::new();
    for part in [&alarm.to_string(), &occurrence, &*actor.name, &*actor.comment, kind.word(), &more] {
        sha.update((part.len() as u64).to_le_bytes());
        sha.update(part);
    }
    let digest = sha.finalize();
    std::array::from_fn(|place| digest[place])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use davy_model::{Actor, AlarmKey, Verdict};

    use super::*;

    fn shelve(id: &str, minutes: u64) -> Command {
        Command {
            alarm: AlarmKey { site: "park".into(), rule: "h2s".into(), subject: "AT-1".into() },
            occurrence: Some(2),
            actor: Actor { name: "li".into(), approved_by: Some("wu".into()), comment: "noisy".into() },
            kind: CommandKind::Shelve { duration: Duration::from_secs(60 * minutes), one_shot: false },
            request_id: id.into(),
        }
    }

    #[test]
    fn the_same_command_under_the_same_id_is_known_also_after_a_snapshot() {
        let mut done = Done::default();
        let first = shelve("a", 30);
        done.note(&first, &Ok(()));
        let done = Done::kept(&done.keep());
        assert!(done.has(&first));
        let other = |change: fn(&mut Command)| {
            let mut other = first.clone();
            change(&mut other);
            other
        };
        assert!(done.has(&other(|it| it.actor.approved_by = None)), "their word was used");
        for (what, changed) in [
            ("id", other(|it| it.request_id = "b".into())),
            ("no id", other(|it| it.request_id = "".into())),
            ("alarm", other(|it| it.alarm.subject = "AT-2".into())),
            ("occurrence", other(|it| it.occurrence = None)),
            ("actor", other(|it| it.actor.name = "wu".into())),
            ("comment", other(|it| it.actor.comment = "again".into())),
            ("kind", other(|it| it.kind = CommandKind::Unshelve)),
            ("verdict", other(|it| it.kind = CommandKind::Verify(Verdict::Real))),
            ("duration", shelve("a", 31)),
        ] {
            assert!(!done.has(&changed), "another {what}");
        }
    }

    #[test]
    fn what_did_nothing_is_judged_anew() {
        for (answer, known) in [
            (Ok(()), true),
            (Err(Refusal::AlreadyAcknowledged), true),
            (Err(Refusal::AlreadyVerified { verdict: Verdict::Real }), true),
            (Err(Refusal::CommentMissing), false),
            (Err(Refusal::OccurrenceChanged { now: 3 }), false),
        ] {
            let mut done = Done::default();
            done.note(&shelve("a", 30), &answer);
            assert_eq!(done.has(&shelve("a", 30)), known, "{answer:?}");
        }
        let mut done = Done::default();
        done.note(&shelve("", 30), &Ok(()));
        assert!(done.keep().is_empty(), "without an id nothing is remembered");
    }

    #[test]
    fn the_oldest_is_forgotten() {
        let mut done = Done::default();
        let all: Vec<Command> = (0..=DONE_MAX).map(|number| shelve(&number.to_string(), 30)).collect();
        all.iter().for_each(|one| done.note(one, &Ok(())));
        assert_eq!(done.keep().len(), DONE_MAX);
        assert!(!done.has(&all[0]) && done.has(&all[1]) && done.has(&all[DONE_MAX]));
    }

    #[test]
    fn what_a_snapshot_cannot_have_kept_is_nothing() {
        let broken = KeptDone { request_id: "a".to_owned(), command: vec![1, 2, 3] };
        assert!(Done::kept(&[broken]).keep().is_empty());
    }
}
