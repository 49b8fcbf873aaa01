//! A path of fields in messages of one kind: `limit.name`.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use super::key::Key;

/// A path of fields. There is at least one.
#[derive(Debug)]
pub(super) struct Path(Vec<FieldDescriptor>);

impl Path {
    /// The path that a text names.
    ///
    /// # Errors
    /// Which step there is not, and what there is.
    pub(super) fn parse(kind: &MessageDescriptor, text: &str) -> Result<Path, String> {
        let (mut kind, mut fields) = (Some(kind.clone()), Vec::new());
        for step in text.split('.') {
            let within = kind.ok_or_else(|| format!("{text}: nothing is within {}", last_name(&fields)))?;
            let field = within.get_field_by_name(step).ok_or_else(|| {
                let names: Vec<_> = within.fields().map(|field| field.name().to_owned()).collect();
                format!("{text}: no field is called {step:?}; there are {}", names.join(", "))
            })?;
            kind = match field.kind() {
                Kind::Message(inner) if Key::is_message(&inner) => Some(inner),
                _ => None,
            };
            fields.push(field);
        }
        Ok(Path(fields))
    }

    /// What stands at its end.
    pub(super) fn field(&self) -> &FieldDescriptor {
        // A text has at least one step.
        &self.0[self.0.len() - 1]
    }

    /// Whether it leads to several values.
    pub(super) fn is_many(&self) -> bool {
        self.0.iter().any(|field| field.is_list() || field.is_map())
    }

    /// The names of its fields.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(FieldDescriptor::name)
    }

    /// All that stands there; nothing where it is absent.
    pub(super) fn values(&self, message: &DynamicMessage) -> Vec<Key> {
        let mut found = Vec::new();
        collect(&self.0, message, &mut found);
        found
    }
}

fn last_name(fields: &[FieldDescriptor]) -> String {
    fields.last().map(|field| field.name().to_owned()).unwrap_or_default()
}

fn collect(fields: &[FieldDescriptor], message: &DynamicMessage, found: &mut Vec<Key>) {
    let Some((field, rest)) = fields.split_first() else { return };
    if field.supports_presence() && !message.has_field(field) {
        return;
    }
    let value = message.get_field(field);
    let values = match &*value {
        Value::List(all) => &all[..],
        one => std::slice::from_ref(one),
    };
    for value in values {
        match value {
            Value::Message(inner) if !rest.is_empty() => collect(rest, inner, found),
            value => found.extend(Key::of(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::CONTRACT;

    #[test]
    fn a_path_that_leads_nowhere_is_told_with_what_there_is() {
        let kind = CONTRACT.get_message_by_name("davy.v1.Alarm").expect("there are alarms");
        for (text, says) in [
            ("tire", "tier"),
            ("limit.nam", "name"),
            ("tier.name", "nothing is within tier"),
            ("raised_time.seconds", "nothing is within raised_time"),
            ("", "no field is called"),
        ] {
            let said = Path::parse(&kind, text).expect_err(text);
            assert!(said.contains(says), "{text}: {said}");
        }
    }
}
