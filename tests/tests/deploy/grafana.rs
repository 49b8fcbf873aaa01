//! Dashboards: each query of each gives what its panel needs, and a site's day is seen in all of them.

use std::collections::BTreeSet;

use davy_history::Retention;
use davy_tests::{Place, places};
use serde_json::Value;

use crate::{
    dashboard::{self, Range, files, list, queries, read, text},
    filled::fill,
};

/// A day and a half at two widths of a point, and a month: each finds its buckets at another level.
const RANGES: [Range<'_>; 3] = [
    Range { from: "2026-11-29T00:00:00Z", to: "2026-11-30T12:00:00Z", interval_s: 60 },
    Range { from: "2026-11-29T00:00:00Z", to: "2026-11-30T12:00:00Z", interval_s: 600 },
    Range { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z", interval_s: 3600 },
];

#[tokio::test]
async fn every_query_gives_what_its_panel_needs() {
    for place in places("grafana").await {
        fill(&place.migrated(Retention::default()).await).await;
        let mut wrong = Vec::new();
        for path in files() {
            let dashboard = read(&path);
            for range in RANGES {
                for query in queries(&dashboard, range) {
                    if let Err(why) = answer(&place, &query).await {
                        wrong.push(format!(
                            "{}, {}, {range:?}: {why}\n{}",
                            place.name, query.place, query.sql
                        ));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    }
}

/// Rows there are; and where they are shown over time, the first column is the time and there is another.
async fn answer(place: &Place, query: &dashboard::Query) -> Result<(), String> {
    let (client, connection) = tokio_postgres::connect(&place.url, tokio_postgres::NoTls)
        .await
        .map_err(|error| error.to_string())?;
    tokio::spawn(connection);
    let said = |error: tokio_postgres::Error| {
        error.as_db_error().map_or_else(|| error.to_string(), ToString::to_string)
    };
    let statement = client.prepare(&query.sql).await.map_err(said)?;
    let columns = statement.columns();
    if query.over_time && (columns.len() < 2 || columns[0].name() != "time") {
        return Err("a column \"time\" comes first, and another after it".to_owned());
    }
    match client.query(&statement, &[]).await.map_err(said)?.len() {
        0 => Err("no rows".to_owned()),
        _ => Ok(()),
    }
}

#[test]
fn dashboards_are_told_apart_and_fit_anywhere() {
    let mut uids = BTreeSet::new();
    let found = files();
    assert_eq!(found.len(), 4, "{found:?}");
    for path in found {
        let (board, name) = (read(&path), path.display());
        assert!(uids.insert(text(&board, "/uid").to_owned()), "{name}: its uid is another's");
        assert!(text(&board, "/uid").starts_with("davy-"), "{name}");
        assert!(board.get("id").is_none(), "{name}: an id is of one Grafana alone");
        let mut ids = BTreeSet::new();
        for panel in list(&board, "/panels") {
            let title = text(panel, "/title");
            assert!(!title.is_empty(), "{name}: a panel without a title");
            assert!(ids.insert(panel["id"].as_u64()), "{name}: {title}: its id is another's");
            assert_eq!(text(panel, "/datasource/uid"), "davy-history", "{name}: {title}");
            assert!(fits(panel), "{name}: {title}: wider than 24");
        }
    }
}

fn fits(panel: &Value) -> bool {
    let at = |key: &str| panel["gridPos"][key].as_u64().unwrap_or(99);
    at("x") + at("w") <= 24
}
