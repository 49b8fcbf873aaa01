//! One value of the payload: read along the tree of what the mapping looks at, once.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use typed_arena::Arena;

use super::{trail::Step, tree::NodeId, walk::Walk};
use crate::{
    Limits,
    json::{AnyCell, AnyName, Cell, TOO_DEEP, is_behind_a_comma, without_bare_words},
};

/// Reads the value at a node: a single value is handed back, since it is complete only when what follows it is seen.
pub(super) struct Level<'w, 's, 'de, 'm> {
    pub(super) walk: &'w mut Walk<'s, 'de, 'm>,
    pub(super) texts: &'de Arena<String>,
    pub(super) node: NodeId,
    pub(super) depth: u32,
}

impl<'s, 'de, 'm> Level<'_, 's, 'de, 'm> {
    fn below(&mut self, node: NodeId) -> Level<'_, 's, 'de, 'm> {
        Level { walk: self.walk, texts: self.texts, node, depth: self.depth + 1 }
    }

    const fn any(&self) -> AnyCell {
        AnyCell { depth: self.depth + 1 }
    }

    fn is_too_deep<E: Error>(&self) -> Result<(), E> {
        if self.depth >= Limits::DEPTH_MAX { Err(E::custom(TOO_DEEP)) } else { Ok(()) }
    }

    /// What follows the last single value has been seen: it was complete.
    #[inline]
    pub(super) fn complete(&mut self) {
        let Some((node, cell)) = self.walk.held.take() else { return };
        match (self.walk.spec.tree.nodes[node].text, cell) {
            (Some(inside), Cell::Text(text)) => self.inside(inside, text),
            (_, cell) => self.walk.value(node, cell),
        }
        self.walk.known.trail.pop();
    }

    /// A value below this one has been read; a single one is held back, since `12` may be a cut `12.4`.
    #[inline]
    fn hold(&mut self, node: NodeId, read: Option<Cell<'de>>) {
        match read {
            Some(cell) => self.walk.held = Some((node, cell)),
            None => self.walk.known.trail.pop(),
        }
    }

    /// Reads the JSON that a text holds.
    fn inside(&mut self, node: NodeId, text: Cow<'de, str>) {
        let text: &'de str = match text {
            Cow::Borrowed(text) => text,
            Cow::Owned(text) => self.texts.alloc(text),
        };
        let text = match without_bare_words(text) {
            Some(patched) => {
                let patched: &'de str = self.texts.alloc(patched);
                self.walk.known.texts.also(patched, text);
                patched
            }
            None => text,
        };
        let mut json = serde_json::Deserializer::from_str(text);
        let depth = self.depth + 1;
        let trail = self.walk.known.trail.len();
        let level = Level { walk: self.walk, texts: self.texts, node, depth };
        let read = level.deserialize(&mut json).and_then(|cell| json.end().map(|()| cell));
        if read.as_ref().is_err_and(is_behind_a_comma) {
            self.complete();
        }
        self.walk.held = None;
        self.walk.known.trail.truncate(trail);
        match read {
            Ok(None) => {}
            Ok(Some(cell)) => self.walk.value(node, cell),
            Err(error) => self.walk.broken_inside(&error),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_, '_, 'de, '_> {
    type Value = Option<Cell<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Option<Cell<'de>>, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_, '_, 'de, '_> {
    type Value = Option<Cell<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Option<Cell<'de>>, E> {
        Ok(Some(Cell::Null))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Option<Cell<'de>>, E> {
        Ok(Some(Cell::Bool(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Option<Cell<'de>>, E> {
        Ok(Some(Cell::Integer(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Option<Cell<'de>>, E> {
        self.any().visit_u64(value).map(Some)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Option<Cell<'de>>, E> {
        Ok(Some(Cell::Number(value)))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Option<Cell<'de>>, E> {
        Ok(Some(Cell::Text(Cow::Borrowed(text))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<Cell<'de>>, E> {
        Ok(Some(Cell::Text(Cow::Owned(text.to_owned()))))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Option<Cell<'de>>, A::Error> {
        self.is_too_deep()?;
        let spec = self.walk.spec;
        let node = &spec.tree.nodes[self.node];
        if !node.takes_object() {
            return AnyCell { depth: self.depth }.visit_map(map).map(Some);
        }
        let mark = self.walk.open(self.node);
        while let Some(name) = map.next_key_seed(Name(&mut self))? {
            let child = match node.entry(&name) {
                Some((_, true)) if !spec.ignore.is_empty() && spec.ignore.get(&name).is_some() => None,
                Some((child, _)) => Some(child),
                None => {
                    self.walk.other_field(&name);
                    None
                }
            };
            let Some(child) = child else {
                map.next_value_seed(self.any())?;
                continue;
            };
            let name = match name {
                Cow::Borrowed(name) => name,
                Cow::Owned(name) => self.texts.alloc(name),
            };
            self.walk.known.trail.push(Step::Key(name));
            let read = map.next_value_seed(self.below(child))?;
            self.hold(child, read);
        }
        self.complete();
        self.walk.close(self.node, mark);
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Option<Cell<'de>>, A::Error> {
        self.is_too_deep()?;
        let Some(child) = self.walk.spec.tree.nodes[self.node].each else {
            return AnyCell { depth: self.depth }.visit_seq(list).map(Some);
        };
        let mark = self.walk.open(self.node);
        for at in 0.. {
            let Some(read) = list.next_element_seed(Element(&mut self, child, at))? else { break };
            self.hold(child, read);
        }
        self.complete();
        self.walk.close(self.node, mark);
        Ok(None)
    }
}

/// Reads the name of an entry: that there is one says that the value before it was complete.
struct Name<'l, 'w, 's, 'de, 'm>(&'l mut Level<'w, 's, 'de, 'm>);

impl<'de> DeserializeSeed<'de> for Name<'_, '_, '_, 'de, '_> {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Cow<'de, str>, D::Error> {
        self.0.complete();
        AnyName.deserialize(json)
    }
}

/// Reads an element, the node of all elements and its place: that there is one says that the one before was complete.
struct Element<'l, 'w, 's, 'de, 'm>(&'l mut Level<'w, 's, 'de, 'm>, NodeId, u32);

impl<'de> DeserializeSeed<'de> for Element<'_, '_, '_, 'de, '_> {
    type Value = Option<Cell<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Option<Cell<'de>>, D::Error> {
        self.0.complete();
        self.0.walk.known.trail.push(Step::Index(self.2));
        self.0.below(self.1).deserialize(json)
    }
}
