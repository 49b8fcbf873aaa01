//! Who asks, and what they may.

use std::sync::Arc;

use crate::{Grant, Permission, Tree};

/// Who asks, and what they may; cheap to clone.
#[derive(Clone, Debug)]
pub struct Caller {
    kind: CallerKind,
    name: Arc<str>,
    subject: Arc<str>,
    grants: Arc<[Grant]>,
    tree: Arc<Tree>,
}

/// How somebody came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerKind {
    /// On loopback, where Davy asks nobody who they are: everything may be done.
    Local,
    /// Nobody known.
    Nobody,
    /// A person, by a password or an issuer.
    Person,
    /// A machine, by a token or a certificate.
    Machine,
}

impl CallerKind {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            CallerKind::Local => "local",
            CallerKind::Nobody => "nobody",
            CallerKind::Person => "person",
            CallerKind::Machine => "machine",
        }
    }
}

impl Caller {
    /// Whoever is on loopback where nothing is configured.
    pub fn local() -> Caller {
        Caller::new(CallerKind::Local, "local", "local", Vec::new(), Arc::default())
    }

    /// Whoever has shown nothing.
    pub fn nobody() -> Caller {
        Caller::new(CallerKind::Nobody, "", "", Vec::new(), Arc::default())
    }

    /// Somebody known. `subject` is one human's or one machine's: two accounts of one human share it.
    pub fn new(kind: CallerKind, name: &str, subject: &str, grants: Vec<Grant>, tree: Arc<Tree>) -> Caller {
        Caller { kind, name: name.into(), subject: subject.into(), grants: grants.into(), tree }
    }

    /// How they came to be known.
    pub fn kind(&self) -> CallerKind {
        self.kind
    }

    /// The name in the record.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Whose account it is.
    pub fn subject(&self) -> &Arc<str> {
        &self.subject
    }

    /// Their grants.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// Whether their name was proven, so that it counts more than what they say.
    pub fn is_proven(&self) -> bool {
        matches!(self.kind, CallerKind::Person | CallerKind::Machine)
    }

    /// Whether somewhere they may.
    pub fn may_somewhere(&self, permission: Permission) -> bool {
        self.by_kind(permission).unwrap_or_else(|| self.giving(permission).next().is_some())
    }

    /// Whether they may at a site.
    pub fn may(&self, permission: Permission, site: &str) -> bool {
        let reaches = || self.reaching(permission, site).next().is_some();
        self.by_kind(permission).unwrap_or_else(reaches)
    }

    /// Whether they may everywhere: for what tells of all sites at once.
    pub fn may_everywhere(&self, permission: Permission) -> bool {
        let is_everywhere = |grant: &Grant| grant.scope.is_root() && grant.edge_nodes.is_empty();
        self.by_kind(permission).unwrap_or_else(|| self.giving(permission).any(is_everywhere))
    }

    /// Whether they may at a site, about that edge node; an empty one is none that is known.
    pub fn may_about(&self, permission: Permission, site: &str, edge_node: &str) -> bool {
        let is_about = || self.reaching(permission, site).any(|grant| grant.is_about(edge_node));
        self.by_kind(permission).unwrap_or_else(is_about)
    }

    /// The answer where no grant is looked at.
    fn by_kind(&self, permission: Permission) -> Option<bool> {
        match (self.kind, permission) {
            (_, Permission::Anyone) | (CallerKind::Local, _) => Some(true),
            (CallerKind::Nobody, _) => Some(false),
            (CallerKind::Person | CallerKind::Machine, Permission::SignedIn) => Some(true),
            (CallerKind::Person | CallerKind::Machine, _) => None,
        }
    }

    fn giving(&self, permission: Permission) -> impl Iterator<Item = &Grant> {
        self.grants.iter().filter(move |grant| grant.gives(permission))
    }

    fn reaching(&self, permission: Permission, site: &str) -> impl Iterator<Item = &Grant> {
        let place = self.tree.place(site);
        let reaches =
            move |grant: &&Grant| place.as_ref().map_or(grant.scope.is_root(), |at| grant.reaches(at));
        self.giving(permission).filter(reaches)
    }
}
