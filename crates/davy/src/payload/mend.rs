//! A corrected payload, where what is wrong leaves no doubt about what was meant.

use std::ops::Range;

use davy_codec::Rejection;
use davy_model::Reason;

use super::place;

/// The text with everything mended that can be; `None` when nothing can.
pub(super) fn mended(text: &str, problems: &[Rejection]) -> Option<String> {
    let mut edits: Vec<(Range<usize>, String)> =
        problems.iter().filter_map(|problem| edit(text, problem)).collect();
    edits.sort_by_key(|(place, _)| place.start);
    edits.dedup_by(|a, b| a.0.start < b.0.end);
    let mut mended = text.to_owned();
    for (place, words) in edits.into_iter().rev() {
        mended.replace_range(place, &words);
    }
    (mended != text).then_some(mended)
}

fn edit(text: &str, problem: &Rejection) -> Option<(Range<usize>, String)> {
    match problem.reason {
        Reason::FieldType => unquoted(text, problem),
        Reason::TimestampFormat => time(text, problem),
        Reason::FieldMissing | Reason::FieldUnknown => renamed(text, problem),
        Reason::UnitUnknown => unit(text, problem),
        _ => None,
    }
}

/// A number in quotation marks.
fn unquoted(text: &str, problem: &Rejection) -> Option<(Range<usize>, String)> {
    let place = place::of_pointer(text, &problem.pointer)?;
    let inside = text[place.clone()].strip_prefix('"')?.strip_suffix('"')?.trim();
    let number: serde_json::Number = serde_json::from_str(inside).ok()?;
    Some((place, number.to_string()))
}

/// A count of another unit than milliseconds.
fn time(text: &str, problem: &Rejection) -> Option<(Range<usize>, String)> {
    let place = place::of_pointer(text, &problem.pointer)?;
    let count = text[place.clone()].trim_matches('"');
    let digits = count.bytes().all(|byte| byte.is_ascii_digit()).then_some(count)?;
    let fix = &problem.fix;
    let millis = if fix.contains("multiply by 1000") {
        format!("{digits}000")
    } else if fix.contains("divide by 1000") {
        digits.get(..digits.len().checked_sub(3)?)?.to_owned()
    } else if fix.contains("divide by 1,000,000") {
        digits.get(..digits.len().checked_sub(6)?)?.to_owned()
    } else if fix.contains("without quotation marks") {
        digits.to_owned()
    } else {
        return None;
    };
    Some((place, millis))
}

/// A field by another name than the documented one.
fn renamed(text: &str, problem: &Rejection) -> Option<(Range<usize>, String)> {
    let words: Vec<&str> = problem.fix.split(' ').collect();
    let (holder, field) = problem.pointer.rsplit_once('/')?;
    let (from, to) = match words.as_slice() {
        ["call", "it", to] => (field, *to),
        ["call", from, to] => (*from, *to),
        _ => return None,
    };
    let value = place::of_pointer(text, &format!("{holder}/{from}"))?;
    let key = format!("\"{from}\"");
    let start = text[..value.start].rfind(&key)?;
    Some((start..start + key.len(), format!("\"{to}\"")))
}

/// A unit that differs from the expected one in capitals only.
fn unit(text: &str, problem: &Rejection) -> Option<(Range<usize>, String)> {
    let place = place::of_pointer(text, &problem.pointer)?;
    let expected = problem.expected.split(' ').next()?;
    let same = problem.got.replace(' ', "").eq_ignore_ascii_case(expected);
    same.then(|| (place, format!("{expected:?}")))
}
