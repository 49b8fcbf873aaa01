//! What every question about readings has: a selector, and a size of pages.

use davy_proto::v1 as wire;
use davy_rules::Choice;
use tonic::Status;

use super::super::status;

/// Items in one answer when nobody says how many, and at the most.
const PAGE_LEN: usize = 1000;
const PAGE_LEN_MAX: usize = 10_000;
/// Most texts in a list of a selector.
const TEXTS_MAX: usize = 1000;

/// The selector, and what it chooses.
pub(super) fn chosen(
    selector: Option<&wire::TagSelector>,
) -> Result<(&wire::TagSelector, Choice<'_>), Status> {
    let selector = selector.ok_or_else(|| status::invalid("selector is missing"))?;
    let wire::TagSelector { tags, quantities, areas, .. } = selector;
    for (name, texts) in [("tags", tags), ("quantities", quantities), ("areas", areas)] {
        if texts.len() > TEXTS_MAX {
            return Err(status::invalid(format!("{name}: {} of them, more than {TEXTS_MAX}", texts.len())));
        }
    }
    Ok((selector, Choice { tags, quantities, areas }))
}

/// How many items go into one answer.
pub(super) fn page_len(asked: i32) -> Result<usize, Status> {
    let len = usize::try_from(asked).map_err(|_| status::invalid("page_size is negative"))?;
    Ok(if len == 0 { PAGE_LEN } else { len.min(PAGE_LEN_MAX) })
}
