//! Where in a payload's text something stands.

use std::{collections::BTreeMap, ops::Range};

use serde_json::value::RawValue;

/// Columns of a line that are shown at most.
const SHOWN_MAX: usize = 100;

/// The bytes of what a JSON pointer names.
pub(super) fn of_pointer(text: &str, pointer: &str) -> Option<Range<usize>> {
    let mut value: &RawValue = serde_json::from_str(text).ok()?;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        let raw = value.get();
        value = if raw.starts_with('{') {
            let mut entries: BTreeMap<String, &RawValue> = serde_json::from_str(raw).ok()?;
            entries.remove(&token)?
        } else {
            let elements: Vec<&RawValue> = serde_json::from_str(raw).ok()?;
            *elements.get(token.parse::<usize>().ok()?)?
        };
    }
    let start = (value.get().as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    Some(start..start + value.get().len())
}

/// The line of a place, with carets under it.
pub(super) fn shown(text: &str, place: &Range<usize>) -> Option<String> {
    let start = text.get(..place.start)?.rfind('\n').map_or(0, |at| at + 1);
    let end = text[place.start..].find('\n').map_or(text.len(), |at| place.start + at);
    let before = text[start..place.start].chars().count();
    let width = text.get(place.start..place.end.min(end))?.chars().count().max(1);
    let skipped = before.saturating_sub(SHOWN_MAX / 2);
    let line: String = text[start..end].chars().skip(skipped).take(SHOWN_MAX).collect();
    let width = width.min(SHOWN_MAX.saturating_sub(before - skipped)).max(1);
    Some(format!("    {}\n    {}{}", line.trim_end(), " ".repeat(before - skipped), "^".repeat(width)))
}

/// The bytes around a place in a payload that is no text.
pub(super) fn hex(payload: &[u8], offset: usize) -> String {
    let start = offset.saturating_sub(8);
    let bytes = payload[start..payload.len().min(offset + 8)].iter();
    let shown: Vec<String> = bytes.map(|byte| format!("{byte:02x}")).collect();
    let caret = " ".repeat(3 * (offset - start));
    format!("    {start:08x}  {}\n              {caret}^^", shown.join(" "))
}
