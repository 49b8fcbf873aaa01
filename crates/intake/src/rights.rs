//! Who may connect, for whom they may speak, and whose alarms they may hear.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use subtle::ConstantTimeEq;

use crate::topic::{Audible, Topic};

pub use davy_access::{Pattern, TokenHash, parse_token_hash, token_hash};

/// Everyone who may connect.
#[derive(Clone, Debug, Default)]
pub struct Clients {
    by_name: BTreeMap<Arc<str>, Arc<Client>>,
    anonymous: Option<Rights>,
}

/// One who may connect, as the client file describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The MQTT user name.
    pub name: Arc<str>,
    /// The hash of its token, which is the MQTT password.
    pub token: Option<TokenHash>,
    /// The common name, or one of the DNS names, of its certificate.
    pub certificate: Option<Arc<str>>,
    /// For whom it may speak.
    pub grants: Vec<Grant>,
    /// The sites whose alarms it may hear: who speaks for a gateway hears what is told to that, and no more.
    pub hears_alarms: Vec<Pattern>,
}

/// For which edge nodes of which sites a client may speak.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which sites.
    pub site: Pattern,
    /// Which of their edge nodes.
    pub edge_node: Pattern,
}

/// What one connection may do; cheap to clone.
#[derive(Clone, Debug)]
pub struct Rights {
    grants: Arc<[Grant]>,
    hears_alarms: Arc<[Pattern]>,
    /// Whose they are; none where nobody is asked.
    client: Option<Arc<Client>>,
}

/// What a connection says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Credentials<'a> {
    /// The MQTT user name.
    pub username: Option<&'a str>,
    /// The MQTT password.
    pub password: Option<&'a [u8]>,
    /// Names in the verified certificate: the common name, and the DNS names.
    pub certificate_names: &'a [String],
}

/// Why somebody was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// No such client, or not its token; which of the two is not said.
    #[error("unknown client, or wrong token")]
    Credentials,
    /// Neither token nor certificate, and anonymous clients are not let in.
    #[error("anonymous clients are not let in here")]
    Anonymous,
    /// The certificate is genuine, and nobody's.
    #[error("the certificate belongs to no known client")]
    Certificate,
}

/// A client file that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientsError {
    /// Two clients of one name.
    #[error("client {0} is described twice")]
    Twice(Arc<str>),
    /// A certificate name of two clients.
    #[error("certificate name {0} belongs to two clients")]
    CertificateTwice(Arc<str>),
    /// It could never connect.
    #[error("client {0} has neither a token nor a certificate")]
    NoProof(Arc<str>),
}

impl Clients {
    /// The clients of a file; `anonymous` says what those without proof may do, if they are let in at all.
    ///
    /// # Errors
    /// [`ClientsError`] when two clients cannot be told apart, or one could never connect.
    pub fn new(clients: Vec<Client>, anonymous: Option<Rights>) -> Result<Clients, ClientsError> {
        let mut by_name: BTreeMap<Arc<str>, Arc<Client>> = BTreeMap::new();
        let mut certificates = BTreeSet::new();
        for client in clients {
            if client.token.is_none() && client.certificate.is_none() {
                return Err(ClientsError::NoProof(client.name));
            }
            if let Some(name) = &client.certificate
                && !certificates.insert(Arc::clone(name))
            {
                return Err(ClientsError::CertificateTwice(Arc::clone(name)));
            }
            if by_name.contains_key(&client.name) {
                return Err(ClientsError::Twice(client.name));
            }
            by_name.insert(Arc::clone(&client.name), Arc::new(client));
        }
        Ok(Clients { by_name, anonymous })
    }

    /// Everybody may do everything: for a door on loopback.
    pub fn anyone() -> Clients {
        Clients { by_name: BTreeMap::new(), anonymous: Some(Rights::all()) }
    }

    /// These clients and one more, which takes the place of one of its name.
    pub fn with(mut self, client: Client) -> Clients {
        self.by_name.insert(Arc::clone(&client.name), Arc::new(client));
        self
    }

    /// Whether the client of that name may speak for that edge node now.
    pub(crate) fn speaks_for(&self, client: &str, site: &str, edge_node: &str) -> bool {
        self.by_name.get(client).is_some_and(|client| rights(client).speaks_for(site, edge_node))
    }

    /// Whether somebody who came in with these rights would still come in so: with that proof, and the same grants.
    pub(crate) fn still_give(&self, rights: &Rights) -> bool {
        match &rights.client {
            Some(then) => self.by_name.get(&then.name).is_some_and(|now| now == then),
            None => self.anonymous.is_some(),
        }
    }

    /// Whether whoever came in with these rights, by whatever proof, may speak for that edge node now.
    pub(crate) fn speak(&self, rights: &Rights, site: &str, edge_node: &str) -> bool {
        match &rights.client {
            Some(then) => self.speaks_for(&then.name, site, edge_node),
            None => self.anonymous.as_ref().is_some_and(|now| now.speaks_for(site, edge_node)),
        }
    }

    /// Whether the proof that they came in by is still good, and they may speak for that edge node now.
    pub(crate) fn still_speak(&self, rights: &Rights, site: &str, edge_node: &str) -> bool {
        let same_proof = rights.client.as_ref().is_none_or(|then| {
            self.by_name
                .get(&then.name)
                .is_some_and(|now| (&now.token, &now.certificate) == (&then.token, &then.certificate))
        });
        same_proof && self.speak(rights, site, edge_node)
    }

    /// Says what a connection may do.
    ///
    /// A user name decides by its token, and by its certificate when it has no token; without a user name the
    /// certificate decides, and without that the connection is anonymous.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn authenticate(&self, credentials: &Credentials<'_>) -> Result<Rights, Denied> {
        let holds = |client: &Client| {
            let name = client.certificate.as_deref();
            name.is_some_and(|name| credentials.certificate_names.iter().any(|held| held == name))
        };
        if let Some(username) = credentials.username {
            let client = self.by_name.get(username);
            // The hash is made for unknown names too: time does not tell which names exist.
            let given: TokenHash = token_hash(credentials.password.unwrap_or_default());
            let wanted = client.and_then(|client| client.token);
            let token_fits = bool::from(given.ct_eq(&wanted.unwrap_or_default())) && wanted.is_some();
            return match client {
                Some(client) if token_fits => Ok(rights(client)),
                Some(client) if client.token.is_none() && holds(client) => Ok(rights(client)),
                Some(_) | None => Err(Denied::Credentials),
            };
        }
        if !credentials.certificate_names.is_empty() {
            let client = self.by_name.values().find(|client| holds(client));
            return client.map(rights).ok_or(Denied::Certificate);
        }
        self.anonymous.clone().ok_or(Denied::Anonymous)
    }
}

fn rights(client: &Arc<Client>) -> Rights {
    let hears_alarms = client.hears_alarms.as_slice().into();
    Rights { client: Some(Arc::clone(client)), hears_alarms, ..Rights::new(client.grants.clone()) }
}

impl Rights {
    /// The rights that these grants give: to hear alarms is not among them.
    pub fn new(grants: Vec<Grant>) -> Rights {
        Rights { grants: grants.into(), hears_alarms: Arc::default(), client: None }
    }

    /// Every edge node of every site, and all alarms.
    pub fn all() -> Rights {
        let every = || Pattern::Beginning("".into());
        let grants = vec![Grant { site: every(), edge_node: every() }];
        Rights { hears_alarms: [every()].into(), ..Rights::new(grants) }
    }

    /// The client that has them; `None` where nobody is asked who they are.
    pub(crate) fn client(&self) -> Option<&Arc<str>> {
        self.client.as_ref().map(|client| &client.name)
    }

    /// Whether the connection may speak for that edge node.
    pub fn speaks_for(&self, site: &str, edge_node: &str) -> bool {
        self.grants.iter().any(|grant| grant.site.takes(site) && grant.edge_node.takes(edge_node))
    }

    /// Whether it may publish to that topic. Whether the edge node exists is another question.
    pub fn may_publish(&self, topic: &str) -> bool {
        Topic::parse(topic).is_some_and(|topic| self.speaks_for(topic.site, topic.edge_node))
    }

    /// Whether it may subscribe to that filter: feedback to those it speaks for, and alarms of the sites that it hears.
    pub fn may_subscribe(&self, filter: &str) -> bool {
        match Audible::parse(filter) {
            Some(Audible::Feedback { site, edge_node }) => self.speaks_for(site, edge_node),
            Some(Audible::Alarms { site }) => self.hears_alarms.iter().any(|sites| sites.takes(site)),
            None => false,
        }
    }

    /// The one edge node it speaks for, when there is exactly one: site and id.
    pub fn only_node(&self) -> Option<(&str, &str)> {
        match &self.grants[..] {
            [Grant { site: Pattern::Exactly(site), edge_node: Pattern::Exactly(node) }] => Some((site, node)),
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "rights_tests.rs"]
mod tests;
