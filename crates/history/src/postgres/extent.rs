//! From when to when there are readings of a site.

use tokio_postgres::Client;

use super::value::Time;
use crate::{Extent, HistoryError, files};

/// Of each series the first and the last, by its index.
const ENDS: &str = "
SELECT min(first.time), max(last.time) FROM davy.tags t,
  LATERAL (SELECT time FROM davy.readings r WHERE r.tag_id = t.tag_id ORDER BY time LIMIT 1) first,
  LATERAL (SELECT time FROM davy.readings r WHERE r.tag_id = t.tag_id ORDER BY time DESC LIMIT 1) last
WHERE t.site = $1";

const ACTIVE: &str = "SELECT r.revision, r.files FROM davy.positions p JOIN davy.revisions r USING (site, revision) WHERE p.site = $1";

pub(super) async fn extent(client: &Client, site: &str) -> Result<Option<Extent>, HistoryError> {
    let ends = client.query_one(ENDS, &[&site]).await?;
    let (Some(Time(first)), Some(Time(last))) = (ends.get(0), ends.get(1)) else { return Ok(None) };
    let active = match client.query_opt(ACTIVE, &[&site]).await? {
        Some(row) => files::from_json(site, row.get(0), row.get(1))?,
        None => None,
    };
    Ok(Some(Extent { first, last, active }))
}
