//! `DeadLetterService`: what was refused or odd, newest first.

use std::sync::Arc;

use davy_intake::{DeadLetter, LetterFilter};
use davy_model::{Reason, Severity};
use davy_proto::{time_to_wire, v1 as wire};
use tonic::{Request, Response, Status};

use super::{status, v1::dead_letter_service_server::DeadLetterService};
use crate::hub::Hub;

pub(crate) struct Letters {
    pub(crate) hub: Arc<Hub>,
}

/// Page size when none is asked for, and the largest.
const PAGE_LEN: usize = 50;
const PAGE_LEN_MAX: usize = 500;

#[tonic::async_trait]
impl DeadLetterService for Letters {
    async fn list(
        &self,
        request: Request<wire::DeadLetterServiceListRequest>,
    ) -> Result<Response<wire::DeadLetterServiceListResponse>, Status> {
        let request = request.into_inner();
        let invalid = |what: &str| status::status(tonic::Code::InvalidArgument, "REQUEST_INVALID", what);
        let len = usize::try_from(request.page_size).map_err(|_| invalid("page_size is negative"))?;
        let len = if len == 0 { PAGE_LEN } else { len.min(PAGE_LEN_MAX) };
        let reason = match request.code.as_str() {
            "" => None,
            code => Some(Reason::from_word(code).ok_or_else(|| invalid("no such reason code"))?),
        };
        let before = match request.page_token.as_str() {
            "" => None,
            token => Some(token.parse().map_err(|_| status::wrong_token(token))?),
        };
        let edge_node = (!request.edge_node.is_empty()).then(|| request.edge_node.as_str().into());
        let filter = LetterFilter { reason, edge_node, before, ..LetterFilter::default() };
        let letters = match request.site.as_str() {
            // What belongs to no site is kept apart.
            "" => self.hub.intake.strays.dead_letters.list(&filter, len),
            site => {
                let door = self.hub.intake.directory.site(site).ok_or_else(|| status::unknown_site(site))?;
                door.dead_letters.list(&filter, len)
            }
        };
        let next = letters.last().filter(|_| letters.len() == len).map(|letter| letter.number.to_string());
        Ok(Response::new(wire::DeadLetterServiceListResponse {
            dead_letters: letters.iter().map(letter).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }
}

fn letter(letter: &DeadLetter) -> wire::DeadLetter {
    let rejected = letter.finding.reason.severity() == Severity::Reject;
    wire::DeadLetter {
        id: format!("{}/{}", letter.site, letter.number),
        site: letter.site.to_string(),
        edge_node: letter.edge_node.to_string(),
        topic: letter.topic.to_string(),
        arrival_time: Some(time_to_wire(letter.arrival)),
        payload: letter.payload.to_vec(),
        payload_len: letter.payload_bytes as u64,
        rejected: if rejected { letter.finding.readings.max(1) } else { 0 },
        problems: vec![(&letter.finding).into()],
    }
}
