//! A query, from what was asked to the page that answers it.

use davy_history::Found;
use davy_proto::{time_from_wire, v1 as wire};
use davy_rules::Choice;
use tonic::Status;

use super::{super::status, form::Form, page::Question, token::Token};
use crate::hub::Hub;

/// Readings or buckets in one answer when nobody says how many, and at the most.
const PAGE_LEN: usize = 1000;
const PAGE_LEN_MAX: usize = 10_000;
/// Most series of one query, and most texts in a list of a selector.
const SERIES_MAX: usize = 1000;
const TEXTS_MAX: usize = 1000;

/// Answers with one page.
pub(super) async fn query(
    hub: &Hub,
    request: &wire::TelemetryServiceQueryRequest,
) -> Result<wire::TelemetryServiceQueryResponse, Status> {
    let selector = request.selector.as_ref().ok_or_else(|| status::invalid("selector is missing"))?;
    let service = hub.sites.get(&*selector.site).ok_or_else(|| status::unknown_site(&selector.site))?;
    let history = hub.history.as_ref().ok_or_else(status::no_history)?;
    let choice = chosen(selector)?;
    let range = (moment("from", request.from.as_ref())?, moment("until", request.until.as_ref())?);
    let (from, until) = range;
    if from >= until {
        return Err(status::invalid(format!("from {from} is not before until {until}")));
    }
    let form = Form::of(request.form.as_ref(), range, &history.retention, hub.clock.now())?;
    let token = Token::read(request)?;
    let len = usize::try_from(request.page_size).map_err(|_| status::invalid("page_size is negative"))?;
    let len = if len == 0 { PAGE_LEN } else { len.min(PAGE_LEN_MAX) };

    let store = &*history.store;
    let names = choice.names().unwrap_or_default();
    let mut found = store.series(&selector.site, names).await.map_err(|error| status::history(&error))?;
    let loaded = service.loaded.load_full();
    let takes = |one: &Found| {
        let series = &one.series;
        choice.takes(&loaded.plan.site, &series.tag, &series.quantity, series.area.as_deref())
    };
    found.retain(takes);
    if found.len() > SERIES_MAX {
        let what = format!("{} series meet the selector, more than {SERIES_MAX}: ask for fewer", found.len());
        return Err(status::invalid(what));
    }
    found.sort_by(|a, b| (&a.series, a.id).cmp(&(&b.series, b.id)));
    let begin = match token {
        None => 0,
        Some(token) => {
            let place = found.iter().position(|one| one.id == token.series);
            place.ok_or_else(|| status::wrong_token(&request.page_token))?
        }
    };
    let question = Question { store, from, until, form };
    let page = question.page(&found[begin..], token, len).await;
    let (series, next) = page.map_err(|error| status::history(&error))?;
    Ok(wire::TelemetryServiceQueryResponse {
        series,
        width: question.width(),
        next_page_token: next.map(|token| token.write(request)).unwrap_or_default(),
    })
}

fn chosen(selector: &wire::TagSelector) -> Result<Choice<'_>, Status> {
    let wire::TagSelector { tags, quantities, areas, .. } = selector;
    for (name, texts) in [("tags", tags), ("quantities", quantities), ("areas", areas)] {
        if texts.len() > TEXTS_MAX {
            return Err(status::invalid(format!("{name}: {} of them, more than {TEXTS_MAX}", texts.len())));
        }
    }
    Ok(Choice { tags, quantities, areas })
}

fn moment(name: &str, time: Option<&prost_types::Timestamp>) -> Result<davy_model::Timestamp, Status> {
    let time = time.ok_or_else(|| status::invalid(format!("{name} is missing")))?;
    time_from_wire(time).map_err(|error| status::wrong(&error))
}
