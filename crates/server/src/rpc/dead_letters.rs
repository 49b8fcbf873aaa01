//! `DeadLetterService`: what was refused or odd, newest first; what kinds there are; and once more, please.

use std::sync::Arc;

use davy_intake::{DeadLetter, DeadLetters, Group, LetterFilter, NotReplayed, Replayed};
use davy_journal::audit::What;
use davy_model::Reason;
use davy_proto::{time_to_wire, v1 as wire};
use serde_json::json;
use tonic::{Code, Request, Response, Status};
use tracing::info;

use super::{page_len::OF_LETTERS, page_token, status, v1::dead_letter_service_server::DeadLetterService};
use crate::{audit::Deed, guard::Admitted, hub::Hub};

#[derive(Clone)]
pub(crate) struct Letters {
    pub(crate) hub: Arc<Hub>,
}

/// How much of a payload a list shows, bytes.
const SHOWN_LEN_MAX: usize = 4096;
/// Letters sent again by one request.
const REPLAY_MAX: usize = 1000;
/// Problems told of one letter that was sent again.
const PROBLEMS_MAX: usize = 20;

#[tonic::async_trait]
impl DeadLetterService for Letters {
    async fn list(
        &self,
        request: Request<wire::DeadLetterServiceListRequest>,
    ) -> Result<Response<wire::DeadLetterServiceListResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let len = OF_LETTERS.of(request.page_size)?;
        let before = page_token::number(&request.page_token)?;
        let filter = filter(&request.code, &request.edge_node, &request.pointer)?;
        let filter = LetterFilter { before, ..filter };
        let mut letters = self.inbox(&by, &request.site, |letters| letters.list(&filter, len))?;
        let next = letters.last().filter(|_| letters.len() == len).map(|letter| letter.number.to_string());
        letters.retain(|letter| is_theirs(&by, &request.site, &letter.edge_node));
        let shown = |one: &DeadLetter| letter(&id(&request.site, one), one, SHOWN_LEN_MAX);
        Ok(Response::new(wire::DeadLetterServiceListResponse {
            dead_letters: letters.iter().map(shown).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn get(
        &self,
        request: Request<wire::DeadLetterServiceGetRequest>,
    ) -> Result<Response<wire::DeadLetterServiceGetResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let id = request.id;
        let found = self.find(&by, &id)?;
        let dead_letter = Some(letter(&id, &found.letter, usize::MAX));
        let again = Some(answer(&id, self.hub.intake.try_replay(&found.letter)));
        Ok(Response::new(wire::DeadLetterServiceGetResponse { dead_letter, again }))
    }

    async fn list_groups(
        &self,
        request: Request<wire::DeadLetterServiceListGroupsRequest>,
    ) -> Result<Response<wire::DeadLetterServiceListGroupsResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let site = request.site;
        let groups = self.inbox(&by, &site, DeadLetters::groups)?;
        let groups = groups.iter().filter(|group| is_theirs(&by, &site, &group.edge_node));
        let groups = groups.map(|one| group(&site, one)).collect();
        Ok(Response::new(wire::DeadLetterServiceListGroupsResponse { groups }))
    }

    async fn replay(
        &self,
        request: Request<wire::DeadLetterServiceReplayRequest>,
    ) -> Result<Response<wire::DeadLetterServiceReplayResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let inbox = self.clone();
        let replayed = self.hub.audit.see_through(async move {
            let answer = inbox.replayed(&by, &request).await;
            let sent = answer.as_ref().map_or(0, Vec::len);
            let deed = Deed::new(What::Replay, &request.actor, inbox_of(&request)).asking(json!({
                "ids": request.ids, "code": request.code, "edge_node": request.edge_node,
                "pointer": request.pointer, "again": request.again, "letters": sent,
            }));
            (deed, answer)
        });
        Ok(Response::new(wire::DeadLetterServiceReplayResponse { letters: replayed.await? }))
    }
}

impl Letters {
    /// The inbox of a site; of what came for none, when the id is empty: that is for whoever has every site.
    fn inbox<T>(&self, by: &Admitted, site: &str, look: impl FnOnce(&DeadLetters) -> T) -> Result<T, Status> {
        if site.is_empty() {
            if !by.may_everywhere() {
                return Err(status::unknown_site(site));
            }
            return Ok(look(&self.hub.intake.strays.dead_letters));
        }
        let door = self.hub.intake.directory.site(site).filter(|_| by.may(site));
        Ok(look(&door.ok_or_else(|| status::unknown_site(site))?.dead_letters))
    }

    /// A letter by its id: the inbox, which is a site's id or, of what came for none, nothing; and the number.
    fn find(&self, by: &Admitted, id: &str) -> Result<Found, Status> {
        let unknown =
            || status::status(Code::NotFound, "REQUEST_INVALID", format!("no dead letter {id:?} is kept"));
        let (inbox, number) = id.rsplit_once('/').ok_or_else(unknown)?;
        let number = number.parse().map_err(|_| unknown())?;
        let found = self.inbox(by, inbox, |letters| letters.get(number)).map_err(|_| unknown())?;
        let found = found.filter(|letter| is_theirs(by, inbox, &letter.edge_node));
        Ok(Found { inbox: inbox.to_owned(), letter: found.ok_or_else(unknown)? })
    }

    fn asked_for(
        &self,
        by: &Admitted,
        request: &wire::DeadLetterServiceReplayRequest,
    ) -> Result<Vec<Found>, Status> {
        if request.ids.len() > REPLAY_MAX {
            return Err(invalid("at most 1000 letters at a time"));
        }
        if !request.ids.is_empty() {
            return request.ids.iter().map(|id| self.find(by, id)).collect();
        }
        if request.code.is_empty() {
            return Err(invalid("name letters by their ids, or a group by its site and code"));
        }
        let filter = filter(&request.code, &request.edge_node, &request.pointer)?;
        let letters = self.inbox(by, &request.site, |letters| letters.list(&filter, REPLAY_MAX))?;
        let theirs = letters.into_iter().filter(|letter| is_theirs(by, &request.site, &letter.edge_node));
        Ok(theirs.map(|letter| Found { inbox: request.site.clone(), letter }).collect())
    }

    async fn replayed(
        &self,
        by: &Admitted,
        request: &wire::DeadLetterServiceReplayRequest,
    ) -> Result<Vec<wire::ReplayedLetter>, Status> {
        self.hub.audit.ready()?;
        let mut letters = self.asked_for(by, request)?;
        letters.sort_by_key(|Found { letter, .. }| (letter.arrival, letter.number));
        let mut told = Vec::with_capacity(letters.len());
        for found in letters.iter().filter(|found| request.again || found.letter.replayed.is_none()) {
            told.push(self.send_again(by, found).await);
        }
        let actor = if by.caller.is_proven() { &**by.caller.name() } else { &request.actor };
        info!(actor, letters = told.len(), "dead letters were sent again");
        Ok(told)
    }

    async fn send_again(&self, by: &Admitted, found: &Found) -> wire::ReplayedLetter {
        let Found { inbox, letter } = found;
        let replayed = self.hub.intake.replay(letter).await;
        if replayed.is_ok() {
            let note = |letters: &DeadLetters| letters.note_replayed(letter.number, self.hub.clock.now());
            // Its site may have gone meanwhile; then its inbox has, too.
            let _ = self.inbox(by, inbox, note);
        }
        answer(&id(inbox, letter), replayed)
    }
}

/// Whether a letter of an inbox is of an edge node that the caller looks after. What came for no site has none that is known.
fn is_theirs(by: &Admitted, site: &str, edge_node: &str) -> bool {
    site.is_empty() || by.may_about(site, edge_node)
}

/// Whose letters a request is about, by the first of them.
fn inbox_of(request: &wire::DeadLetterServiceReplayRequest) -> &str {
    let first = request.ids.first().and_then(|id| Some(id.rsplit_once('/')?.0));
    first.unwrap_or(&request.site)
}

/// What became of a letter, or would.
fn answer(id: &str, replayed: Result<Replayed, NotReplayed>) -> wire::ReplayedLetter {
    match replayed {
        Ok(replayed) => wire::ReplayedLetter {
            id: id.to_owned(),
            accepted: replayed.accepted,
            rejected: replayed.rejected,
            problems: replayed.findings.iter().take(PROBLEMS_MAX).map(Into::into).collect(),
            failure: String::new(),
        },
        Err(why) => {
            let (id, failure) = (id.to_owned(), why.to_string());
            wire::ReplayedLetter { id, failure, ..wire::ReplayedLetter::default() }
        }
    }
}

/// A letter, and whose inbox it is in.
struct Found {
    inbox: String,
    letter: DeadLetter,
}

fn invalid(what: &str) -> Status {
    status::status(Code::InvalidArgument, "REQUEST_INVALID", what)
}

fn filter(code: &str, edge_node: &str, pointer: &str) -> Result<LetterFilter, Status> {
    let reason = match code {
        "" => None,
        code => Some(Reason::from_word(code).ok_or_else(|| invalid("no such reason code"))?),
    };
    let given = |text: &str| (!text.is_empty()).then(|| text.into());
    let (edge_node, pointer) = (given(edge_node), given(pointer));
    Ok(LetterFilter { reason, edge_node, pointer, ..LetterFilter::default() })
}

fn id(inbox: &str, letter: &DeadLetter) -> String {
    format!("{inbox}/{}", letter.number)
}

fn letter(id: &str, letter: &DeadLetter, shown_len_max: usize) -> wire::DeadLetter {
    wire::DeadLetter {
        id: id.to_owned(),
        site: letter.site.to_string(),
        edge_node: letter.edge_node.to_string(),
        topic: letter.topic.to_string(),
        arrival_time: Some(time_to_wire(letter.arrival)),
        payload: letter.payload[..letter.payload.len().min(shown_len_max)].to_vec(),
        payload_len: letter.payload.len() as u64,
        rejected: letter.rejected,
        problems: letter.findings.iter().map(Into::into).collect(),
        problems_omitted: letter.findings_omitted,
        replayed_time: letter.replayed.map(time_to_wire),
    }
}

fn group(site: &str, group: &Group) -> wire::DeadLetterGroup {
    wire::DeadLetterGroup {
        site: site.to_owned(),
        edge_node: group.edge_node.to_string(),
        code: group.reason.word().to_owned(),
        pointer: group.pointer.to_string(),
        messages: group.messages,
        readings: group.readings,
        first_time: Some(time_to_wire(group.first)),
        last_time: Some(time_to_wire(group.last)),
        example: format!("{site}/{}", group.example),
    }
}
