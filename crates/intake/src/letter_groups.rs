//! Kinds of problems among the dead letters: by edge node, reason, and place in the payload.

use std::collections::BTreeMap;
use std::sync::Arc;

use davy_model::{Reason, Timestamp};

use crate::{DeadLetter, Rejection};

/// Kinds that are told apart at one site.
const GROUPS_MAX: usize = 1000;

/// One kind of problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Who sent it; empty when the topic names nobody.
    pub edge_node: Arc<str>,
    /// The reason.
    pub reason: Reason,
    /// Where in the payload, with `*` for places in lists: `/readings/*/unit`.
    pub pointer: Arc<str>,
    /// How many messages had it.
    pub messages: u64,
    /// How many readings it cost.
    pub readings: u64,
    /// When the first arrived.
    pub first: Timestamp,
    /// When the last arrived.
    pub last: Timestamp,
    /// The number of the last letter that has it.
    pub example: u64,
}

/// All kinds at one site. Those beyond the bound are counted as one, without a place and a sender.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    groups: BTreeMap<Key, Counted>,
}

/// Edge node, reason, place.
type Key = (Arc<str>, Reason, Arc<str>);

#[derive(Debug)]
struct Counted {
    group: Group,
    /// The file has these counts.
    is_saved: bool,
}

impl Group {
    fn key(&self) -> Key {
        (Arc::clone(&self.edge_node), self.reason, Arc::clone(&self.pointer))
    }

    /// A pointer with `*` for places in lists.
    pub fn place_of(pointer: &str) -> String {
        let token = |token: &str| match !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit()) {
            true => "*".to_owned(),
            false => token.to_owned(),
        };
        pointer.split('/').map(token).collect::<Vec<_>>().join("/")
    }
}

impl Groups {
    /// Counts a letter; a kind that it has several times is one message, and costs the readings of all.
    pub(crate) fn note(&mut self, letter: &DeadLetter, findings: &[Rejection]) {
        let mut kinds: BTreeMap<(Reason, String), u64> = BTreeMap::new();
        for finding in findings {
            let place = Group::place_of(&finding.pointer);
            *kinds.entry((finding.reason, place)).or_default() += u64::from(finding.readings);
        }
        for ((reason, place), readings) in kinds {
            self.count(letter, reason, place.into(), readings);
        }
    }

    fn count(&mut self, letter: &DeadLetter, reason: Reason, pointer: Arc<str>, readings: u64) {
        let mut key = (Arc::clone(&letter.edge_node), reason, pointer);
        if self.groups.len() >= GROUPS_MAX && !self.groups.contains_key(&key) {
            key = ("".into(), reason, "".into());
        }
        let fresh = || Group {
            edge_node: Arc::clone(&key.0),
            reason,
            pointer: Arc::clone(&key.2),
            messages: 0,
            readings: 0,
            first: letter.arrival,
            last: letter.arrival,
            example: letter.number,
        };
        let fresh = Counted { group: fresh(), is_saved: false };
        let counted = self.groups.entry(key).or_insert(fresh);
        counted.is_saved = false;
        let group = &mut counted.group;
        group.messages += 1;
        group.readings += readings;
        group.last = letter.arrival;
        group.example = letter.number;
    }

    pub(crate) fn list(&self) -> Vec<Group> {
        let mut list: Vec<Group> = self.groups.values().map(|counted| counted.group.clone()).collect();
        list.sort_by(|a, b| b.messages.cmp(&a.messages).then_with(|| a.example.cmp(&b.example)));
        list
    }

    /// Those whose counts are others in the file.
    pub(crate) fn unsaved(&self) -> Vec<Group> {
        let unsaved = self.groups.values().filter(|counted| !counted.is_saved);
        unsaved.map(|counted| counted.group.clone()).collect()
    }

    /// The file has these now.
    pub(crate) fn note_saved(&mut self, told: &[Group]) {
        for group in told {
            if let Some(counted) = self.groups.get_mut(&group.key()) {
                counted.is_saved = counted.group == *group;
            }
        }
    }

    /// The file is another, and empty.
    pub(crate) fn forget_saved(&mut self) {
        self.groups.values_mut().for_each(|counted| counted.is_saved = false);
    }

    /// Adds what the file had. Letters that came meanwhile are numbered after its last, `before`.
    pub(crate) fn restore(&mut self, saved: Vec<Group>, before: u64) {
        self.groups.values_mut().for_each(|counted| counted.group.example += before);
        for group in saved {
            match self.groups.get_mut(&group.key()) {
                Some(counted) => {
                    counted.group.messages += group.messages;
                    counted.group.readings += group.readings;
                    counted.group.first = group.first;
                }
                None => {
                    self.groups.insert(group.key(), Counted { group, is_saved: true });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remark::remark;
    use crate::{DeadLetters, Origin};

    fn origin(edge_node: &str) -> Origin {
        Origin {
            arrival: Timestamp::from_micros(7),
            site: "park".into(),
            edge_node: edge_node.into(),
            topic: "t".into(),
            sender: None,
        }
    }

    fn at(reason: Reason, pointer: &str) -> Rejection {
        Rejection { pointer: pointer.to_owned(), ..remark(reason, "x", "y", "z") }
    }

    #[test]
    fn the_same_mistake_in_every_reading_is_one_kind() {
        let letters = DeadLetters::new(100, 1 << 20);
        for message in 0..3 {
            let unit = |place| at(Reason::UnitMismatch, &format!("/readings/{place}/unit"));
            let findings = [unit(0), unit(1), at(Reason::FieldMissing, &format!("/{message}/tag"))];
            letters.keep(&origin("gw-1"), &findings, b"{}");
        }
        let told: Vec<_> = letters
            .groups()
            .iter()
            .map(|group| format!("{} {} {} {}", group.reason, group.pointer, group.messages, group.readings))
            .collect();
        assert_eq!(told, ["FIELD_MISSING /*/tag 3 3", "UNIT_MISMATCH /readings/*/unit 3 6"]);
    }

    #[test]
    fn a_flood_of_kinds_is_bounded_and_nothing_goes_uncounted() {
        let letters = DeadLetters::new(10, 1 << 20);
        for kind in 0..3 * GROUPS_MAX {
            letters.keep(&origin(&format!("gw-{kind}")), &[at(Reason::PointUnknown, "/x")], b"{}");
        }
        let groups = letters.groups();
        assert_eq!(groups.len(), GROUPS_MAX + 1);
        assert_eq!(groups.iter().map(|group| group.messages).sum::<u64>(), 3 * GROUPS_MAX as u64);
    }

    #[test]
    fn a_name_that_is_no_number_is_no_place_in_a_list() {
        for (pointer, place) in [
            ("", ""),
            ("/readings/12/ts", "/readings/*/ts"),
            ("/values/AT-1~1h2s", "/values/AT-1~1h2s"),
            ("/3", "/*"),
        ] {
            assert_eq!(Group::place_of(pointer), place);
        }
    }
}
