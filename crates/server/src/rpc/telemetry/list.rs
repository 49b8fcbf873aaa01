//! `ListLatest`, page by page.

use std::sync::Arc;

use davy_model::TagIndex;
use davy_proto::v1 as wire;
use davy_rules::{Choice, Plan};
use tonic::Status;

use super::{
    super::{page_len::OF_READINGS, question::question, status},
    asked::chosen,
    now::Now,
};
use crate::{guard::Admitted, hub::Hub, site::SiteService};

/// Comparisons of a tag with a text of the selector, for one page at the most.
const COMPARED_MAX: usize = 2_000_000;

type Request = wire::TelemetryServiceListLatestRequest;

/// Answers with one page.
pub(super) fn list(
    hub: &Hub,
    by: &Admitted,
    request: &Request,
) -> Result<wire::TelemetryServiceListLatestResponse, Status> {
    let (selector, choice) = chosen(request.selector.as_ref())?;
    let service = hub.site_of(&by.caller, by.permission, &selector.site);
    let service = service.ok_or_else(|| status::unknown_site(&selector.site))?;
    let Page { tags, last } = page(hub, service, choice, after(request)?, OF_READINGS.of(request.page_size)?);
    let next_page_token = last.map(|last| format!("{}.{last}", asked(request))).unwrap_or_default();
    Ok(wire::TelemetryServiceListLatestResponse { tags, next_page_token })
}

/// Some tags as they are now.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) tags: Vec<wire::LatestTag>,
    /// The name of the last tag that was looked at, where more follow.
    pub(super) last: Option<Arc<str>>,
}

/// The first `len` tags after the name that are chosen; fewer, where looking for them takes too long.
pub(super) fn page(
    hub: &Hub,
    service: &SiteService,
    choice: Choice<'_>,
    after: Option<&str>,
    len: usize,
) -> Page {
    loop {
        let Some(plan) = hub.latest.plan(&service.id) else { return Page::default() };
        let (tags, last) = found(&plan, choice, after, len);
        // Nothing, where other files became active meanwhile.
        let Some(seen) = hub.latest.read(&service.id, &plan, &tags) else { continue };
        let now = Now::of(hub, service, &plan);
        let tags = tags.iter().zip(&seen).map(|(tag, seen)| now.tag(*tag, seen.as_ref()));
        return Page { tags: tags.collect(), last };
    }
}

fn found(
    plan: &Plan,
    choice: Choice<'_>,
    after: Option<&str>,
    len: usize,
) -> (Vec<TagIndex>, Option<Arc<str>>) {
    let site = &plan.site;
    let begin = after.map_or(0, |name| site.tags.partition_point(|tag| *tag.name <= *name));
    let texts = choice.tags.len() + choice.quantities.len() + choice.areas.len();
    let patience = COMPARED_MAX / texts.max(1);
    let mut tags = Vec::new();
    for (looked_at, tag) in site.tags[begin..].iter().enumerate() {
        if tags.len() == len || looked_at == patience {
            return (tags, Some(Arc::clone(&site.tags[begin + looked_at - 1].name)));
        }
        if choice.takes(site, &tag.name, tag.quantity.as_str(), tag.area.as_deref()) {
            let place = u32::try_from(begin + looked_at).expect("a site has fewer tags than that");
            tags.push(TagIndex(place));
        }
    }
    (tags, None)
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
