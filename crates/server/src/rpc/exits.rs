//! `ExitService`: ways out, how they do, what was refused, and once more, please.

use std::sync::Arc;

use davy_delivery::exits::{DeadLetter, Door, Exits, Fate, LedgerEntry, LetterQuery, StoreError};
use davy_journal::audit::What;
use davy_model::Timestamp;
use davy_proto::{time_to_wire, v1 as wire};
use prost::Message;
use serde_json::json;
use tonic::{Code, Request, Response, Status};

use super::{
    page_len::{OF_ENTRIES, OF_LETTERS},
    page_token, status,
    v1::exit_service_server::ExitService,
};
use crate::{audit::Deed, guard::Admitted, hub::Hub};

#[derive(Clone)]
pub(crate) struct Ways {
    pub(crate) hub: Arc<Hub>,
}

/// Dead letters told again by one request that names them.
const REPLAY_MAX: usize = 1000;

#[tonic::async_trait]
impl ExitService for Ways {
    async fn list(
        &self,
        request: Request<wire::ExitServiceListRequest>,
    ) -> Result<Response<wire::ExitServiceListResponse>, Status> {
        let (by, _) = Admitted::of(request);
        let mut exits = Vec::new();
        if let Some(all) = &self.hub.exits {
            for door in all.doors().filter(|door| is_theirs(&by, door)) {
                let owed = all.dead_letters_owed(&door.name).await.map_err(|error| storage(&error))?;
                exits.push(self.exit(all, door, owed));
            }
        }
        Ok(Response::new(wire::ExitServiceListResponse { exits }))
    }

    async fn list_told(
        &self,
        request: Request<wire::ExitServiceListToldRequest>,
    ) -> Result<Response<wire::ExitServiceListToldResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let (exits, door) = self.find(&by, &request.exit)?;
        let len = OF_ENTRIES.of(request.page_size)?;
        let before = page_token::number(&request.page_token)?;
        let entries = exits.ledger(&door.name, before, len).await.map_err(|error| storage(&error))?;
        let next = entries.last().filter(|_| entries.len() == len).map(|entry| entry.number.to_string());
        Ok(Response::new(wire::ExitServiceListToldResponse {
            told: entries.iter().filter(|entry| by.may(&entry.site)).map(told).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn list_dead_letters(
        &self,
        request: Request<wire::ExitServiceListDeadLettersRequest>,
    ) -> Result<Response<wire::ExitServiceListDeadLettersResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let len = OF_LETTERS.of(request.page_size)?;
        let before = page_token::number(&request.page_token)?;
        let letters = match (&self.hub.exits, request.exit.as_str()) {
            (None, "") => Vec::new(),
            (Some(exits), "") => {
                self.letters(exits, LetterQuery { before, ..LetterQuery::default() }, len).await?
            }
            (_, exit) => {
                let (exits, _) = self.find(&by, exit)?;
                let exit = exit.to_owned();
                self.letters(exits, LetterQuery { exit, before, asked_only: false }, len).await?
            }
        };
        // One whose exit is gone is for who looks after everything.
        let is_shown =
            |letter: &DeadLetter| match self.hub.exits.as_ref().and_then(|exits| exits.door(&letter.exit)) {
                // It may have told of more sites once.
                Some(door) => is_theirs(&by, door) && by.may(&letter.site),
                None => by.may_everywhere(),
            };
        let next = letters.last().filter(|_| letters.len() == len).map(|letter| letter.number.to_string());
        Ok(Response::new(wire::ExitServiceListDeadLettersResponse {
            dead_letters: letters.iter().filter(|letter| is_shown(letter)).map(letter).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn replay(
        &self,
        request: Request<wire::ExitServiceReplayRequest>,
    ) -> Result<Response<wire::ExitServiceReplayResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let ways = self.clone();
        let replayed = self.hub.audit.see_through(async move {
            let answer = ways.replayed(&by, &request).await;
            let deed = Deed::new(What::ExitReplay, &request.actor, &*request.exit)
                .asking(json!({ "numbers": request.numbers, "alerts": answer.as_ref().ok() }));
            (deed, answer)
        });
        Ok(Response::new(wire::ExitServiceReplayResponse { alerts: replayed.await? }))
    }

    async fn resume(
        &self,
        request: Request<wire::ExitServiceResumeRequest>,
    ) -> Result<Response<wire::ExitServiceResumeResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let ways = self.clone();
        let resumed = self.hub.audit.see_through(async move {
            let answer = ways.resumed(&by, &request.exit).await;
            let deed = Deed::new(What::ExitResume, &request.actor, &*request.exit)
                .asking(json!({ "was_gone": answer.as_ref().ok() }));
            (deed, answer)
        });
        Ok(Response::new(wire::ExitServiceResumeResponse { was_gone: resumed.await? }))
    }
}

impl Ways {
    fn find(&self, by: &Admitted, name: &str) -> Result<(&Exits, &Arc<Door>), Status> {
        let found = self.hub.exits.as_ref().and_then(|exits| Some((&**exits, exits.door(name)?)));
        let found = found.filter(|(_, door)| is_theirs(by, door));
        found.ok_or_else(|| status::unknown_exit(name))
    }

    /// How many alerts will be told again.
    async fn replayed(&self, by: &Admitted, request: &wire::ExitServiceReplayRequest) -> Result<u64, Status> {
        let (exits, door) = self.find(by, &request.exit)?;
        if request.numbers.len() > REPLAY_MAX {
            return Err(status::invalid(format!("at most {REPLAY_MAX} dead letters at a time")));
        }
        let by = by.clone();
        let replayed = exits.replay(door, request.numbers.clone(), move |site| by.may(site));
        replayed.await.map_err(|error| storage(&error))
    }

    /// Whether its receiver had wanted nothing more.
    async fn resumed(&self, by: &Admitted, name: &str) -> Result<bool, Status> {
        let (exits, door) = self.find(by, name)?;
        exits.resume(door).await.map_err(|error| storage(&error))
    }

    async fn letters(
        &self,
        exits: &Exits,
        query: LetterQuery,
        len: usize,
    ) -> Result<Vec<DeadLetter>, Status> {
        exits.dead_letters(query, len).await.map_err(|error| storage(&error))
    }

    fn exit(&self, exits: &Exits, door: &Door, owed: u64) -> wire::Exit {
        let figures = door.health.figures();
        let state = match (&figures.gone, &figures.trouble) {
            (Some(_), _) => wire::ExitState::Gone,
            (None, Some(_)) => wire::ExitState::Waits,
            (None, None) => wire::ExitState::Works,
        };
        let (since, why) = exits.trouble(door).unzip();
        let time = |at: Option<Timestamp>| at.map(time_to_wire);
        let positions = figures.dealt_with.iter().map(|(site, sequence)| wire::ExitPosition {
            site: site.to_string(),
            sequence: *sequence,
            last_sequence: self.hub.feed.site(site).map_or(0, |feed| feed.sequence()),
        });
        wire::Exit {
            name: door.name.to_string(),
            kind: door.kind.to_owned(),
            target: door.target.clone(),
            tier_from: door.wanted.tier_from.map_or(wire::Tier::Unspecified, wire::Tier::from).into(),
            state: state.into(),
            since: time(since),
            why: why.unwrap_or_default(),
            delivered: figures.delivered,
            refused: figures.refused,
            failed_attempts: figures.failed_attempts,
            gaps: figures.gaps,
            last_delivered_time: time(figures.last_delivered),
            positions: positions.collect(),
            dead_letters: owed,
        }
    }
}

/// Whether an exit is the caller's: every site that it tells of is.
fn is_theirs(by: &Admitted, door: &Door) -> bool {
    door.sites.iter().all(|site| by.may(site))
}

fn storage(error: &StoreError) -> Status {
    match error {
        StoreError::Stopping => status::stopping(),
        StoreError::Damaged(_) | StoreError::Sqlite(_) | StoreError::Io(_) => {
            status::status(Code::Unavailable, "STORAGE_UNAVAILABLE", error.to_string())
        }
    }
}

fn told(entry: &LedgerEntry) -> wire::Told {
    wire::Told {
        site: entry.site.to_string(),
        sequence: entry.sequence,
        id: entry.id.clone(),
        time: Some(time_to_wire(entry.at)),
        refused: entry.fate == Fate::Refused,
        attempts: entry.attempts,
        answer: entry.answer.clone(),
    }
}

fn letter(letter: &DeadLetter) -> wire::UndeliveredAlert {
    wire::UndeliveredAlert {
        number: letter.number,
        exit: letter.exit.to_string(),
        // One that cannot be read is shown by its id alone.
        alert: Some(wire::Alert::decode(letter.alert.as_slice()).unwrap_or_else(|_| wire::Alert {
            id: letter.id.clone(),
            site: letter.site.to_string(),
            sequence: letter.sequence,
            ..wire::Alert::default()
        })),
        refused_time: Some(time_to_wire(letter.refused)),
        why: letter.why.clone(),
        attempts: letter.attempts,
        waits: letter.is_asked,
        delivered_time: letter.delivered.map(time_to_wire),
    }
}
