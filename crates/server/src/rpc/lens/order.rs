//! In which order: `tier desc, raised_time`.

use std::cmp::Ordering;

use prost_reflect::{DynamicMessage, Kind, MessageDescriptor};

use super::{key::Key, path::Path};

/// Fields to order by at most.
const FIELDS_MAX: usize = 8;

/// By what entries are ordered, the first the most.
#[derive(Debug)]
pub(super) struct Order(Vec<(Path, bool)>);

impl Order {
    /// Reads an order; `None` when it is empty.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn parse(kind: &MessageDescriptor, text: &str) -> Result<Option<Order>, String> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let mut by = Vec::new();
        for part in text.split(',') {
            let mut words = part.split_whitespace();
            let path = Path::parse(kind, words.next().unwrap_or_default())?;
            let descending = match (words.next(), words.next()) {
                (None | Some("asc"), None) => false,
                (Some("desc"), None) => true,
                _ => return Err(format!("{}: behind a field stands asc, desc or nothing", part.trim())),
            };
            let is_inner = matches!(path.field().kind(), Kind::Message(inner) if Key::is_message(&inner));
            if path.is_many() || is_inner {
                return Err(format!("{}: it has no order", part.trim()));
            }
            by.push((path, descending));
        }
        if by.len() > FIELDS_MAX {
            return Err(format!("{} fields, more than {FIELDS_MAX}", by.len()));
        }
        Ok(Some(Order(by)))
    }

    /// What an entry is ordered by.
    pub(super) fn place(&self, entry: &DynamicMessage) -> Vec<Option<Key>> {
        self.0.iter().map(|(path, _)| path.values(entry).into_iter().next()).collect()
    }

    /// Which comes first. What is absent comes before what is there.
    pub(super) fn compare(&self, one: &[Option<Key>], other: &[Option<Key>]) -> Ordering {
        let each = self.0.iter().zip(one.iter().zip(other)).map(|((_, descending), (one, other))| {
            let order = match (one, other) {
                (Some(one), Some(other)) => one.compare(other),
                (one, other) => one.is_some().cmp(&other.is_some()),
            };
            if *descending { order.reverse() } else { order }
        });
        each.fold(Ordering::Equal, Ordering::then)
    }
}
