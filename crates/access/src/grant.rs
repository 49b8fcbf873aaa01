//! A role in a scope.

use davy_model::is_name;

use crate::{Pattern, Permission, Role, Scope, permissions};

/// A role in a scope; for a vendor, for some edge nodes only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What for.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// For which edge nodes; every one when empty.
    pub edge_nodes: Vec<Pattern>,
}

impl Grant {
    /// A role everywhere in a scope.
    pub fn new(role: Role, scope: Scope) -> Grant {
        Grant { role, scope, edge_nodes: Vec::new() }
    }

    /// Whether it gives that permission at all.
    pub fn gives(&self, permission: Permission) -> bool {
        permissions(self.role).contains(&permission)
    }

    /// Whether it reaches a place.
    pub fn reaches(&self, place: &Scope) -> bool {
        self.scope.covers(place)
    }

    /// Whether it is about that edge node. What comes from no edge node known is only for whoever has them all.
    pub fn is_about(&self, edge_node: &str) -> bool {
        self.edge_nodes.is_empty()
            || is_name(edge_node) && self.edge_nodes.iter().any(|pattern| pattern.takes(edge_node))
    }
}
