//! Every place that a mapping looks at, as one tree: the payload is read along it, once.

use std::sync::Arc;

use super::path::{Path, Step};

/// The place of a node among the tree's.
pub(super) type NodeId = usize;

/// All places.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    /// Where each field belongs: it is known, or known to be missing, when that node is complete.
    pub(super) owners: Vec<NodeId>,
}

/// One place, and those below it.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    /// Entries of an object that have a step of their own, by name.
    keys: Vec<(Arc<str>, NodeId)>,
    /// All its other entries.
    any: Option<NodeId>,
    /// Elements of an array.
    pub(super) each: Option<NodeId>,
    /// What the JSON in its text is.
    pub(super) text: Option<NodeId>,
    /// What a single value here is.
    pub(super) ends: Vec<End>,
    /// Fields that belong here.
    pub(super) opens: Vec<usize>,
    /// Readings may stand right below it, so that a payload which has it is one of these.
    pub(super) holds: bool,
    /// No field below it belongs above it, so that what it left behind can go when all its readings are told.
    pub(super) is_closed: bool,
}

/// What a single value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// A value of the rule, or the error that stands for one.
    Reading(usize),
    /// A field.
    Slot(usize),
    /// The message's number.
    Seq,
}

impl Node {
    pub(super) fn takes_object(&self) -> bool {
        !self.keys.is_empty() || self.any.is_some()
    }

    /// The place of an entry, and whether it is one that has no step of its own.
    pub(super) fn entry(&self, name: &str) -> Option<(NodeId, bool)> {
        let known = self.keys.iter().find(|(key, _)| **key == *name).map(|(_, node)| (*node, false));
        known.or_else(|| self.any.map(|node| (node, true)))
    }
}

impl Tree {
    /// A tree of nothing.
    pub(super) fn new() -> Tree {
        Tree { nodes: vec![Node::default()], owners: Vec::new() }
    }

    /// Adds what stands at the end of a path.
    pub(super) fn add(&mut self, path: &Path, end: End) {
        let mut at = 0;
        for step in &path.0 {
            if matches!((end, step), (End::Reading(_), Step::Any(_) | Step::Each)) {
                self.nodes[at].holds = true;
            }
            at = self.step(at, step);
        }
        self.nodes[at].ends.push(end);
    }

    /// Says to which node a field belongs: the deepest one that is above every reading that wants it. `paths` are those of
    /// the field and of these readings. `None` when the field stands in a list or under a name that the readings do not.
    pub(super) fn own(&mut self, slot: usize, field: &Path, readings: &[&Path]) -> Option<()> {
        self.owners.resize(self.owners.len().max(slot + 1), 0);
        let shared =
            |reading: &&Path| field.0.iter().zip(&reading.0).take_while(|(a, b)| same_place(a, b)).count();
        let depth = readings.iter().map(shared).min().unwrap_or(0).min(field.0.len() - 1);
        let below = &field.0[depth..];
        if below.iter().any(|step| matches!(step, Step::Any(_) | Step::Each)) {
            return None;
        }
        let owner = self.walk(&field.0[..depth]);
        self.nodes[owner].opens.push(slot);
        self.owners[slot] = owner;
        Some(())
    }

    /// Finds out which nodes are closed. The last call.
    pub(super) fn finish(&mut self) {
        for at in 0..self.nodes.len() {
            self.nodes[at].is_closed = !self.leaks(&self.below(at));
        }
    }

    fn leaks(&self, inside: &[NodeId]) -> bool {
        let slots = inside.iter().flat_map(|node| &self.nodes[*node].ends);
        slots.into_iter().any(|end| matches!(end, End::Slot(slot) if !inside.contains(&self.owners[*slot])))
    }

    fn below(&self, at: NodeId) -> Vec<NodeId> {
        let mut found = vec![at];
        let mut next = 0;
        while let Some(node) = found.get(next).map(|at| &self.nodes[*at]) {
            let keys = node.keys.iter().map(|(_, node)| *node);
            found.extend(keys.chain(node.any).chain(node.each).chain(node.text).collect::<Vec<_>>());
            next += 1;
        }
        found
    }

    fn walk(&mut self, steps: &[Step]) -> NodeId {
        steps.iter().fold(0, |at, step| self.step(at, step))
    }

    fn step(&mut self, at: NodeId, step: &Step) -> NodeId {
        let known = match step {
            Step::Key(name) => self.nodes[at].keys.iter().find(|(key, _)| key == name).map(|(_, node)| *node),
            Step::Any(_) => self.nodes[at].any,
            Step::Each => self.nodes[at].each,
            Step::Text => self.nodes[at].text,
        };
        if let Some(node) = known {
            return node;
        }
        let new = self.nodes.len();
        self.nodes.push(Node::default());
        let node = &mut self.nodes[at];
        match step {
            Step::Key(name) => node.keys.push((Arc::clone(name), new)),
            Step::Any(_) => node.any = Some(new),
            Step::Each => node.each = Some(new),
            Step::Text => node.text = Some(new),
        }
        new
    }
}

/// Entries without a step of their own are one place, whatever their name is remembered under.
fn same_place(a: &Step, b: &Step) -> bool {
    matches!((a, b), (Step::Any(_), Step::Any(_))) || a == b
}
