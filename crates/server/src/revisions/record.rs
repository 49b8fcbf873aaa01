//! What is kept of a revision beside its files.

use davy_journal::hex;
use davy_model::Timestamp;
use davy_workbench::{
    change::Changes,
    revision::{Life, State},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Subjects of a change that are kept.
const SUBJECTS_MAX: usize = 100;

/// What is kept of a revision beside its files. Times are µs since 1970, UTC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) site: String,
    pub(crate) revision: String,
    /// What was active when it was proposed; empty for a site's first.
    pub(crate) base: String,
    #[serde(with = "state_word")]
    pub(crate) state: State,
    pub(crate) changes: Vec<Note>,
    pub(crate) needs_second_person: bool,
    pub(crate) withdraws: Vec<String>,
    pub(crate) expected: String,
    pub(crate) predicted: Option<Forecast>,
    /// The oldest first.
    pub(crate) events: Vec<Event>,
}

/// What one rule, or a file beside rules, says otherwise.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) rule: String,
    pub(crate) what: String,
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) direction: String,
    pub(crate) tier: String,
    pub(crate) subjects: Vec<String>,
}

/// Something done with a revision.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) what: String,
    pub(crate) at_us: i64,
    /// Empty where Davy did it of itself.
    pub(crate) actor: String,
    /// Whose account that is; empty where nobody's name was proven.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) subject: String,
    pub(crate) comment: String,
    /// Chosen by whoever asked; empty where they chose none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) request_id: String,
}

/// What it would have done over the time before it was proposed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Forecast {
    pub(crate) from_us: i64,
    pub(crate) until_us: i64,
    pub(crate) coverage: Option<f64>,
    pub(crate) before: u64,
    pub(crate) after: u64,
    pub(crate) gained: u64,
    pub(crate) lost: u64,
    pub(crate) moved: u64,
    /// Why there are no figures; empty when there are.
    pub(crate) problem: String,
}

impl Record {
    /// What decides on what may be done with it.
    pub(crate) fn life(&self) -> Life<'_> {
        Life {
            state: self.state,
            proposer: self.proposer(),
            needs_second_person: self.needs_second_person,
            base: &self.base,
        }
    }

    /// Who proposed it last.
    pub(crate) fn proposer(&self) -> &str {
        let proposed = self.events.iter().rev().find(|event| event.what == Event::PROPOSED);
        proposed.map_or("", |event| &event.actor)
    }

    /// Whether whoever's account that is proposed it last, by whichever account of theirs.
    pub(crate) fn is_proposed_by(&self, subject: &str) -> bool {
        let proposed = self.events.iter().rev().find(|event| event.what == Event::PROPOSED);
        !subject.is_empty() && proposed.is_some_and(|event| event.subject == subject)
    }

    /// What it is known by as it stands: other as soon as something is done with it, for that is an event.
    pub(crate) fn etag(&self) -> String {
        let mut hash = Sha256::new();
        let mut put = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        [&self.site, &self.revision, self.state.word(), &self.base].into_iter().for_each(&mut put);
        for event in &self.events {
            let Event { what, at_us, actor, subject, comment, request_id: _ } = event;
            [what, &at_us.to_string(), actor, subject, comment].into_iter().for_each(|text| put(text));
        }
        hex(&hash.finalize()[..8])
    }

    /// Whether the very same was done before, under the same id. An empty id is none.
    pub(crate) fn has_done(&self, event: &Event) -> bool {
        let of = |event: &Event| {
            let Event { what, at_us: _, actor, subject, comment, request_id } = event.clone();
            (request_id, what, actor, subject, comment)
        };
        !event.request_id.is_empty() && self.events.iter().any(|done| of(done) == of(event))
    }

    /// It in another state, because of that.
    pub(crate) fn moved(mut self, state: State, event: Event) -> Record {
        self.state = state;
        self.events.push(event);
        self
    }

    /// When it became active last, and when it was retired after that.
    pub(crate) fn active_time(&self) -> Option<(Timestamp, Option<Timestamp>)> {
        let began = self.events.iter().rposition(|event| event.activates())?;
        let ended = self.events[began..].iter().find(|event| event.what == Event::RETIRED);
        Some((self.events[began].at(), ended.map(Event::at)))
    }
}

impl Event {
    pub(crate) const PROPOSED: &str = "proposed";
    pub(crate) const APPROVED: &str = "approved";
    pub(crate) const REJECTED: &str = "rejected";
    pub(crate) const SHADOWED: &str = "shadowed";
    pub(crate) const UNSHADOWED: &str = "unshadowed";
    pub(crate) const ACTIVATED: &str = "activated";
    pub(crate) const ROLLED_BACK: &str = "rolled_back";
    pub(crate) const RETIRED: &str = "retired";
    pub(crate) const FILES: &str = "files";

    pub(crate) fn new(what: &str, at: Timestamp, actor: &str, comment: &str) -> Event {
        Event {
            what: what.to_owned(),
            at_us: at.as_micros(),
            actor: actor.trim().to_owned(),
            subject: String::new(),
            comment: comment.trim().to_owned(),
            request_id: String::new(),
        }
    }

    /// It, asked for under that id.
    pub(crate) fn under(self, request_id: &str) -> Event {
        Event { request_id: request_id.to_owned(), ..self }
    }

    /// It, done by whoever's account that is.
    pub(crate) fn by(self, subject: &str) -> Event {
        Event { subject: subject.to_owned(), ..self }
    }

    pub(crate) fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.at_us)
    }

    fn activates(&self) -> bool {
        [Event::ACTIVATED, Event::ROLLED_BACK, Event::FILES].contains(&self.what.as_str())
    }
}

/// What changes, as it is kept.
pub(crate) fn notes(changes: &Changes) -> Vec<Note> {
    let note = |(change, subjects): &(davy_workbench::change::Change, Vec<std::sync::Arc<str>>)| Note {
        rule: change.rule.to_string(),
        what: change.what.clone(),
        before: change.before.clone(),
        after: change.after.clone(),
        direction: change.direction.word().to_owned(),
        tier: change.tier.word().to_owned(),
        subjects: subjects.iter().take(SUBJECTS_MAX).map(ToString::to_string).collect(),
    };
    changes.iter().map(note).collect()
}

mod state_word {
    use davy_workbench::revision::State;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(state.word())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<State, D::Error> {
        let word = String::deserialize(deserializer)?;
        State::from_word(&word).ok_or_else(|| D::Error::custom(format!("no state is called {word:?}")))
    }
}
