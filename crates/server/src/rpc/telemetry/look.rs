//! A query, from what was asked to the page that answers it.

use davy_history::Found;
use davy_proto::{time_from_wire, v1 as wire};
use serde_json::json;
use tonic::Status;

use super::{
    super::{page_len::OF_READINGS, status},
    asked::chosen,
    form::Form,
    page::Question,
    token::{Token, asked},
};
use crate::{guard::Admitted, hub::Hub};

/// Most series of one query.
const SERIES_MAX: usize = 1000;

/// Answers with one page.
pub(super) async fn query(
    hub: &Hub,
    by: &Admitted,
    request: &wire::TelemetryServiceQueryRequest,
) -> Result<wire::TelemetryServiceQueryResponse, Status> {
    let (selector, choice) = chosen(request.selector.as_ref())?;
    let service = hub.site_of(&by.caller, by.permission, &selector.site);
    let service = service.ok_or_else(|| status::unknown_site(&selector.site))?;
    let history = hub.history.as_ref().ok_or_else(status::no_history)?;
    let range = (moment("from", request.from.as_ref())?, moment("until", request.until.as_ref())?);
    let (from, until) = range;
    if from >= until {
        return Err(status::invalid(format!("from {from} is not before until {until}")));
    }
    let form = Form::of(request.form.as_ref(), range, &history.retention, hub.clock.now())?;
    let token = Token::read(request)?;
    let len = OF_READINGS.of(request.page_size)?;

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
    if token.is_some() {
        // More than a look: it is taken out.
        let what = json!({ "readings": selector.tags, "from": from.to_string(), "until": until.to_string() });
        hub.audit.taken_out(&asked(request), &selector.site, what);
    }
    let question = Question { store, from, until, form };
    let page = question.page(&found[begin..], token, len).await;
    let (series, next) = page.map_err(|error| status::history(&error))?;
    Ok(wire::TelemetryServiceQueryResponse {
        series,
        width: question.width(),
        next_page_token: next.map(|token| token.write(request)).unwrap_or_default(),
    })
}

fn moment(name: &str, time: Option<&prost_types::Timestamp>) -> Result<davy_model::Timestamp, Status> {
    let time = time.ok_or_else(|| status::invalid(format!("{name} is missing")))?;
    time_from_wire(time).map_err(|error| status::wrong(&error))
}
