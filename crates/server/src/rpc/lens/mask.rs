//! Which fields of an entry.

use std::collections::BTreeMap;

use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor, ReflectMessage, Value};

use super::path::Path;

/// Fields that are wanted, by name; one with nothing below is wanted whole.
#[derive(Debug, Default)]
pub(super) struct Mask(BTreeMap<String, Mask>);

/// Paths in a mask at most.
const PATHS_MAX: usize = 256;

impl Mask {
    /// The mask of these paths; `None` when everything is wanted: no path, or `*`.
    ///
    /// # Errors
    /// Which path leads nowhere.
    pub(super) fn of(kind: &MessageDescriptor, paths: &[String]) -> Result<Option<Mask>, String> {
        if paths.is_empty() || paths.iter().any(|path| path == "*") {
            return Ok(None);
        }
        if paths.len() > PATHS_MAX {
            return Err(format!("{} paths, more than {PATHS_MAX}", paths.len()));
        }
        let mut whole: Vec<Path> =
            paths.iter().map(|path| Path::parse(kind, path)).collect::<Result<_, _>>()?;
        // The shorter first: what is wanted whole is not narrowed by a path into it.
        whole.sort_by_key(|path| path.names().count());
        let mut mask = Mask::default();
        whole.iter().for_each(|path| mask.add(&mut path.names()));
        Ok(Some(mask))
    }

    fn add<'a>(&mut self, names: &mut impl Iterator<Item = &'a str>) {
        let Some(name) = names.next() else { return };
        match self.0.get_mut(name) {
            Some(wanted) if wanted.0.is_empty() => {}
            Some(wanted) => wanted.add(names),
            None => self.0.entry(name.to_owned()).or_default().add(names),
        }
    }

    /// Takes away what is not wanted.
    pub(super) fn apply(&self, message: &mut DynamicMessage) {
        let fields: Vec<FieldDescriptor> = message.descriptor().fields().collect();
        for field in fields.iter().filter(|field| message.has_field(field)).collect::<Vec<_>>() {
            match self.0.get(field.name()) {
                None => message.clear_field(field),
                Some(within) if within.0.is_empty() => {}
                Some(within) => match message.get_field_mut(field) {
                    Value::Message(inner) => within.apply(inner),
                    Value::List(all) => all.iter_mut().for_each(|one| {
                        if let Value::Message(inner) = one {
                            within.apply(inner);
                        }
                    }),
                    _ => {}
                },
            }
        }
    }
}
