//! What every question about readings has: a selector.

use davy_proto::v1 as wire;
use davy_rules::Choice;
use tonic::Status;

use super::super::status;

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
