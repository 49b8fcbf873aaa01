//! Topic names of one connection: checked once, shared by the messages that follow.

use std::sync::Arc;

use crate::codec::DecodeError;
use crate::topic;

/// The last topic, and the aliases.
#[derive(Debug)]
pub(super) struct Topics {
    last: Arc<str>,
    aliases: Vec<Option<Arc<str>>>,
    alias_max: u16,
    len_max: usize,
}

impl Topics {
    pub(super) fn new(alias_max: u16, len_max: usize) -> Self {
        Self { last: "".into(), aliases: Vec::new(), alias_max, len_max }
    }

    /// The topic of a message that came with these bytes and this alias.
    pub(super) fn resolve(&mut self, bytes: &[u8], alias: Option<u16>) -> Result<Arc<str>, DecodeError> {
        let Some(alias) = alias else { return self.name(bytes) };
        if alias > self.alias_max {
            return Err(DecodeError::TopicAliasInvalid);
        }
        let index = usize::from(alias) - 1;
        if bytes.is_empty() {
            let known = self.aliases.get(index).and_then(Option::as_ref);
            return known.cloned().ok_or(DecodeError::TopicAliasInvalid);
        }
        let name = self.name(bytes)?;
        if self.aliases.len() <= index {
            self.aliases.resize(index + 1, None);
        }
        self.aliases[index] = Some(Arc::clone(&name));
        Ok(name)
    }

    fn name(&mut self, bytes: &[u8]) -> Result<Arc<str>, DecodeError> {
        if bytes != self.last.as_bytes() {
            self.last = topic::name(bytes, self.len_max).ok_or(DecodeError::TopicInvalid)?.into();
        }
        Ok(Arc::clone(&self.last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_stands_for_the_topic_it_was_last_given() {
        let mut topics = Topics::new(2, 100);
        let mut resolve = |bytes: &[u8], alias| topics.resolve(bytes, alias).map(|topic| topic.to_string());
        assert_eq!(resolve(b"", Some(1)), Err(DecodeError::TopicAliasInvalid), "never set");
        assert_eq!(resolve(b"a", Some(1)), Ok("a".into()));
        assert_eq!(resolve(b"b", Some(2)), Ok("b".into()));
        assert_eq!(resolve(b"", Some(1)), Ok("a".into()));
        assert_eq!(resolve(b"c", Some(1)), Ok("c".into()));
        assert_eq!(resolve(b"", Some(1)), Ok("c".into()));
        assert_eq!(resolve(b"", Some(2)), Ok("b".into()));
        assert_eq!(resolve(b"d", Some(3)), Err(DecodeError::TopicAliasInvalid), "above the maximum");
        assert_eq!(resolve(b"", None), Err(DecodeError::TopicInvalid));
    }

    #[test]
    fn messages_to_one_topic_share_its_name() {
        let mut topics = Topics::new(0, 100);
        let first = topics.resolve(b"a/b", None).expect("a topic");
        let second = topics.resolve(b"a/b", None).expect("a topic");
        assert!(Arc::ptr_eq(&first, &second));
    }
}
