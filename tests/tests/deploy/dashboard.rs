//! A dashboard as Grafana reads it: panels, variables, and the SQL that Grafana makes of their macros.

use std::{fs, path::PathBuf};

use davy_tests::workspace;
use serde_json::Value;

/// A query of a dashboard.
#[derive(Debug)]
pub(crate) struct Query {
    /// The dashboard and the panel's title or the variable's name.
    pub(crate) place: String,
    /// What Grafana sends when nothing is chosen: every macro expanded.
    pub(crate) sql: String,
    /// It is shown over time.
    pub(crate) over_time: bool,
}

/// The stretch of time that is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Range<'a> {
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    /// How wide a point is, seconds.
    pub(crate) interval_s: u32,
}

/// The files of the dashboards, in order.
pub(crate) fn files() -> Vec<PathBuf> {
    let folder = workspace().join("deploy/grafana/dashboards");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    found.sort();
    found
}

pub(crate) fn read(path: &PathBuf) -> Value {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What is in a list of a dashboard: `panels`, `templating/list`.
pub(crate) fn list<'a>(of: &'a Value, pointer: &str) -> &'a [Value] {
    of.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(crate) fn text<'a>(of: &'a Value, pointer: &str) -> &'a str {
    of.pointer(pointer).and_then(Value::as_str).unwrap_or("")
}

/// Every query of a dashboard, its variables' first.
pub(crate) fn queries(dashboard: &Value, range: Range<'_>) -> Vec<Query> {
    let uid = text(dashboard, "/uid");
    let of_variables = list(dashboard, "/templating/list")
        .iter()
        .filter(|one| text(one, "/type") == "query")
        .map(|one| (text(one, "/name"), text(one, "/query"), false));
    let of_panels = list(dashboard, "/panels").iter().flat_map(|panel| {
        let targets = list(panel, "/targets").iter();
        targets.map(move |target| {
            (text(panel, "/title"), text(target, "/rawSql"), text(target, "/format") == "time_series")
        })
    });
    let query = |(name, sql, over_time): (&str, &str, bool)| Query {
        place: format!("{uid}: {name}"),
        sql: expanded(sql, range),
        over_time,
    };
    of_variables.chain(of_panels).map(query).collect()
}

/// SQL as Grafana's PostgreSQL data source sends it, every variable standing for what is in the database.
///
/// # Panics
/// When a macro or a variable is left: Grafana would send it as it is.
pub(crate) fn expanded(sql: &str, range: Range<'_>) -> String {
    let Range { from, to, interval_s } = range;
    let mut sql = sql
        .replace("${site:sqlstring}", "'park'")
        .replace("${tag:sqlstring}", "'a','b'")
        .replace("$__timeFrom()", &format!("'{from}'"))
        .replace("$__timeTo()", &format!("'{to}'"))
        .replace("${__interval_ms}", &(interval_s * 1000).to_string())
        .replace("$__interval", &format!("{interval_s}s"));
    while let Some((before, argument, after)) = call(&sql, "$__timeFilter(") {
        sql = format!("{before}{argument} BETWEEN '{from}' AND '{to}'{after}");
    }
    while let Some((before, arguments, after)) = call(&sql, "$__timeGroupAlias(") {
        let (column, width) = arguments.split_once(',').expect("a column and a width");
        let width = seconds(width.trim().trim_matches('\''));
        sql = format!("{before}floor(extract(epoch from {column})/{width})*{width} AS \"time\"{after}");
    }
    assert!(!sql.contains('$'), "Grafana knows no such macro or variable: {sql}");
    sql
}

/// What is before the call of a macro, its arguments, and what is after it.
fn call<'a>(sql: &'a str, name: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let (before, rest) = sql.split_once(name)?;
    let (arguments, after) = rest.split_once(')').expect("a macro ends");
    Some((before, arguments, after))
}

fn seconds(width: &str) -> u32 {
    let (number, unit) = width.split_at(width.len() - 1);
    let number: u32 = number.parse().unwrap_or_else(|_| panic!("no width: {width}"));
    number
        * match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => panic!("no width: {width}"),
        }
}
