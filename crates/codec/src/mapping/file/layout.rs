//! `csv`: how lines of values are laid out.

use std::sync::Arc;

use davy_model::Text;

use super::report::{Item, Map, Report};
use crate::mapping::spec::{CsvLayout, Layout};

/// Columns at most.
const COLUMNS_MAX: usize = 1_000;

/// Reads `csv`; every key has a default.
pub(super) fn csv(root: &Map<'_>, report: &mut Report) -> Option<Layout> {
    let mut layout =
        CsvLayout { delimiter: b',', quote: b'"', comment: None, columns: None, takes_unended: false };
    let Some(item) = root.get("csv") else { return Some(Layout::Csv(layout)) };
    let known = ["delimiter", "quote", "comment", "header", "columns", "unended_last_line"];
    let map = Map::open(&item, &known, report)?;
    if let Some(item) = map.get("delimiter") {
        layout.delimiter = byte(&item, report)?;
    }
    if let Some(item) = map.get("quote") {
        layout.quote = byte(&item, report)?;
    }
    if let Some(item) = map.get("comment") {
        layout.comment = Some(byte(&item, report)?);
    }
    if let Some(item) = map.get("unended_last_line") {
        layout.takes_unended = item.word(&["refuse", "take"], report)? == "take";
    }
    layout.columns = columns(&map, report)?;
    let header = map.get("header").map(|item| (item.flag(report), item));
    if let Some((Some(header), item)) = header
        && header == layout.columns.is_some()
    {
        let message = Text::both(
            "header: true names the columns, and so does columns: leave one out; header: false needs columns",
            "header: true 与 columns 二选一；header: false 时必须写 columns",
        );
        report.problem(item.place, &item.path, message);
    }
    if layout.delimiter == layout.quote {
        let message = Text::both("delimiter and quote are the same", "delimiter 与 quote 相同");
        report.problem(item.place, &item.path, message);
    }
    Some(Layout::Csv(layout))
}

fn columns(map: &Map<'_>, report: &mut Report) -> Option<Option<Vec<Arc<str>>>> {
    let Some(item) = map.get("columns") else { return Some(None) };
    let names: Vec<Arc<str>> = item.texts(report).into_iter().map(|(name, _)| name.into()).collect();
    if !(1..=COLUMNS_MAX).contains(&names.len()) {
        item.wrong("a list of 1 to 1000 names of columns", "1 至 1000 个列名的列表", report);
        return None;
    }
    Some(Some(names))
}

fn byte(item: &Item<'_>, report: &mut Report) -> Option<u8> {
    let byte = match item.scalar() {
        Some("tab") => Some(b'\t'),
        Some(text) => match text.as_bytes() {
            [byte] if byte.is_ascii_graphic() || *byte == b'\t' || *byte == b' ' => Some(*byte),
            _ => None,
        },
        None => None,
    };
    if byte.is_none() {
        item.wrong("one ASCII character in quotes, or tab", "加引号的单个 ASCII 字符，或 tab", report);
    }
    byte
}
