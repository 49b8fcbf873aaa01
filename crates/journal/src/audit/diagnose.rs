//! What was done to a line that does not follow.

use memchr::memmem;

use super::line::{Fault, Tip, beginning};

/// What is wrong, and whether the line is one too many: then the chain goes on as if it were not there.
pub(super) struct Diagnosis {
    pub(super) what: String,
    pub(super) is_inserted: bool,
}

/// `rest` is what stands after the line, from the beginning of the next one on.
pub(super) fn diagnose(tip: &Tip, fault: Fault, rest: &[u8]) -> Diagnosis {
    let wanted = tip.number + 1;
    let next = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_inserted = tip.follow(next).is_ok();
    let what = match fault {
        Fault::Number(said) if said < wanted => {
            format!("a line that calls itself entry {said} was inserted in its place")
        }
        Fault::Number(said) if is_inserted && !comes_later(said, rest) => {
            format!("swapped: entry {said} stands in its place, and it comes later")
        }
        Fault::Unreadable | Fault::Hash | Fault::Number(_) if is_inserted => {
            "a line was inserted before it".to_owned()
        }
        Fault::Unreadable => "changed: its line is no entry".to_owned(),
        Fault::Hash => "changed: it is not what was hashed".to_owned(),
        Fault::Number(said) if comes_later(wanted, rest) => {
            format!("swapped: entry {said} stands in its place, and it comes later")
        }
        Fault::Number(said) if said == wanted + 1 => format!("missing: entry {said} stands in its place"),
        Fault::Number(said) => {
            format!("missing, and all to {}: entry {said} stands in its place", said - 1)
        }
    };
    Diagnosis { what, is_inserted }
}

fn comes_later(number: u64, rest: &[u8]) -> bool {
    let begins = beginning(number);
    let begins = begins.as_bytes();
    let is_line = |place: usize| place == 0 || rest.get(place - 1) == Some(&b'\n');
    memmem::find_iter(rest, begins).any(is_line)
}
