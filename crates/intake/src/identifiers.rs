//! Whose a client identifier is, while somebody is connected by it.
//!
//! Whoever connects by an identifier that is taken ends the connection that has it. That is for the client itself, which
//! returns over another network, and for nobody else: one that may come in could keep every other one out.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

/// Identifiers of clients that are connected.
#[derive(Debug, Default)]
pub(crate) struct Identifiers(Mutex<BTreeMap<Arc<str>, Held>>);

#[derive(Debug)]
struct Held {
    /// The client's name; none where nobody is asked for one.
    by: Option<Arc<str>>,
    /// A connection, and for a moment the one that takes its place.
    connections: usize,
}

impl Identifiers {
    /// Takes one for a connection of that client; false while it is another client's.
    pub(crate) fn take(&self, identifier: &Arc<str>, by: Option<&Arc<str>>) -> bool {
        let mut held = self.0.lock();
        let entry = held.entry(Arc::clone(identifier));
        let found = entry.or_insert_with(|| Held { by: by.cloned(), connections: 0 });
        let own = found.by.as_ref() == by;
        found.connections += usize::from(own);
        own
    }

    /// Gives one back that a connection took.
    pub(crate) fn give_back(&self, identifier: &str) {
        let mut held = self.0.lock();
        let Some(found) = held.get_mut(identifier) else { return };
        found.connections -= 1;
        if found.connections == 0 {
            held.remove(identifier);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_its_clients_until_the_last_connection_by_it_has_ended() {
        let identifiers = Identifiers::default();
        let (id, honest, other): (Arc<str>, Arc<str>, Arc<str>) =
            ("gw-1".into(), "park".into(), "mine".into());
        assert!(identifiers.take(&id, Some(&honest)));
        assert!(!identifiers.take(&id, Some(&other)) && !identifiers.take(&id, None));
        assert!(identifiers.take(&id, Some(&honest)), "it returns before it was missed");
        identifiers.give_back(&id);
        assert!(!identifiers.take(&id, Some(&other)), "one connection is still there");
        identifiers.give_back(&id);
        assert!(identifiers.take(&id, Some(&other)), "nobody has it");
        identifiers.give_back(&id);
        assert!(identifiers.0.lock().is_empty(), "nothing is remembered");
    }
}
