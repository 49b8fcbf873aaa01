//! `ListLatest`, page by page.

use std::sync::Arc;

use davy_model::TagIndex;
use davy_proto::v1 as wire;
use davy_rules::{Choice, Plan};
use tonic::Status;

use super::{
    super::{question::question, status},
    asked::{chosen, page_len},
    now::Now,
};
use crate::{hub::Hub, latest::Seen};

/// Comparisons of a tag with a text of the selector, for one page at the most.
const COMPARED_MAX: usize = 2_000_000;

type Request = wire::TelemetryServiceListLatestRequest;

/// Answers with one page.
pub(super) fn list(hub: &Hub, request: &Request) -> Result<wire::TelemetryServiceListLatestResponse, Status> {
    let (selector, choice) = chosen(request.selector.as_ref())?;
    let service = hub.sites.get(&*selector.site).ok_or_else(|| status::unknown_site(&selector.site))?;
    let after = after(request)?;
    let len = page_len(request.page_size)?;
    let (plan, page, seen) = loop {
        let plan = hub.latest.plan(&service.id).ok_or_else(|| status::unknown_site(&selector.site))?;
        let page = Page::of(&plan, choice, after, len);
        if let Some(seen) = hub.latest.read(&service.id, &plan, &page.tags) {
            break (plan, page, seen);
        }
        // Other files became active meanwhile.
    };
    let now = Now::of(hub, service, &plan);
    let tag = |(tag, seen): (&TagIndex, &Option<Seen>)| now.tag(*tag, seen.as_ref());
    Ok(wire::TelemetryServiceListLatestResponse {
        tags: page.tags.iter().zip(&seen).map(tag).collect(),
        next_page_token: page.last.map(|last| format!("{}.{last}", asked(request))).unwrap_or_default(),
    })
}

/// Tags of one page.
#[derive(Debug)]
struct Page {
    tags: Vec<TagIndex>,
    /// The name of the last tag that was looked at, where more follow.
    last: Option<Arc<str>>,
}

impl Page {
    /// The first `len` tags after the name that are chosen; fewer, where looking for them takes too long.
    fn of(plan: &Plan, choice: Choice<'_>, after: Option<&str>, len: usize) -> Page {
        let site = &plan.site;
        let begin = after.map_or(0, |name| site.tags.partition_point(|tag| *tag.name <= *name));
        let texts = choice.tags.len() + choice.quantities.len() + choice.areas.len();
        let patience = COMPARED_MAX / texts.max(1);
        let mut tags = Vec::new();
        for (looked_at, tag) in site.tags[begin..].iter().enumerate() {
            if tags.len() == len || looked_at == patience {
                let last = site.tags[begin + looked_at - 1].name.clone();
                return Page { tags, last: Some(last) };
            }
            if choice.takes(site, &tag.name, tag.quantity.as_str(), tag.area.as_deref()) {
                let place = u32::try_from(begin + looked_at).expect("a site has fewer tags than that");
                tags.push(TagIndex(place));
            }
        }
        Page { tags, last: None }
    }
}

/// The name that the page begins after; nothing on the first.
fn after(request: &Request) -> Result<Option<&str>, Status> {
    let token = request.page_token.as_str();
    if token.is_empty() {
        return Ok(None);
    }
    let name = token.strip_prefix(&asked(request)).and_then(|rest| rest.strip_prefix('.'));
    name.map(Some).ok_or_else(|| status::wrong_token(token))
}

/// This question, without what makes out a page of it.
fn asked(request: &Request) -> String {
    question(&Request { page_token: String::new(), page_size: 0, ..request.clone() })
}
