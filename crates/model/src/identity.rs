//! Names and the ids made from them.

use std::{fmt, sync::Arc};

/// Place of a tag in its site's list, under one revision of the site's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagIndex(pub u32);

/// Place of an edge node in its site's list, under one revision of the site's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIndex(pub u32);

/// One alarm: a rule on a subject of a site. Prints as its id, `site:rule:subject`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlarmKey {
    /// The site's id.
    pub site: Arc<str>,
    /// The rule's id; has no colon.
    pub rule: Arc<str>,
    /// What the rule watches here: a tag's name, or an edge node's, a device's, a part of Davy.
    pub subject: Arc<str>,
}

/// The id of one transition, made from what it is about, so that replay and failover make the same one.
/// Prints as `site:rule:subject#occurrence.step`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransitionId {
    /// Of which alarm.
    pub alarm: AlarmKey,
    /// Which time the alarm stood, from 1; 0 before it ever did.
    pub occurrence: u64,
    /// Which change within that occurrence, from 1.
    pub step: u32,
}

impl AlarmKey {
    /// Reads an id as printed; `None` when it has no two colons or an empty part.
    pub fn parse(id: &str) -> Option<AlarmKey> {
        let (site, rest) = id.split_once(':')?;
        let (rule, subject) = rest.split_once(':')?;
        let whole = is_name(site) && is_name(rule) && !subject.is_empty();
        whole.then(|| AlarmKey { site: site.into(), rule: rule.into(), subject: subject.into() })
    }
}

impl fmt::Display for AlarmKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.site, self.rule, self.subject)
    }
}

impl fmt::Display for TransitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}.{}", self.alarm, self.occurrence, self.step)
    }
}

/// Whether `text` may name a site, an edge node, an area, a device or a rule: 1 to 64 of `A-Z a-z 0-9 - _ .`, the first
/// a letter or digit.
pub fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_alphanumeric());
    first && text.len() <= 64 && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alarm_id_reads_back_even_when_the_tag_has_colons() {
        for id in ["park:h2s:AT-0412/h2s", "park:h2s:1:AI:7"] {
            assert_eq!(AlarmKey::parse(id).map(|key| key.to_string()).as_deref(), Some(id));
        }
        for id in ["park", "park:h2s", "park:h2s:", ":h2s:x", "a b:c:d"] {
            assert_eq!(AlarmKey::parse(id), None, "{id}");
        }
    }

    #[test]
    fn names_are_safe_in_topics_paths_and_ids() {
        assert!(is_name("gw-1") && is_name("7a.b_c"));
        for text in ["", "-x", "a/b", "a:b", "a#", "气", &"x".repeat(65)] {
            assert!(!is_name(text), "{text}");
        }
    }
}
