//! In which order: `tier desc, raised_time`.

use prost_reflect::{DynamicMessage, Kind, MessageDescriptor};

use super::{key::Key, path::Path, rank::Step};

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
    pub(super) fn steps(&self, entry: &DynamicMessage) -> impl Iterator<Item = Step> {
        self.0.iter().map(|(path, descending)| {
            let key = path.values(entry).into_iter().next();
            if *descending { Step::Down(key) } else { Step::Up(key) }
        })
    }
}
