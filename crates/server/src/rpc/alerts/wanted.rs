//! What a stream of alerts is asked to tell.

use std::sync::Arc;

use davy_access::Scope;
use davy_model::{Tier, Transition};
use davy_proto::v1 as wire;
use tonic::Status;

use crate::{
    guard::Admitted,
    hub::Hub,
    rpc::{status, tier_at_least::tier_at_least},
};

/// Places that one stream may name.
const SCOPES_MAX: usize = 64;

/// What a stream is to tell.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) sites: Vec<Arc<str>>,
    pub(super) tier: Option<Tier>,
    pub(super) heartbeat: bool,
}

impl Wanted {
    /// What is asked for, of what the caller may see.
    ///
    /// # Errors
    /// A scope or a tier that is none, a site or a place that there is not for this caller.
    pub(super) fn of(
        hub: &Hub,
        by: &Admitted,
        request: &wire::AlertServiceSubscribeRequest,
    ) -> Result<Wanted, Status> {
        let scopes = scopes(&request.scopes)?;
        let sites = hub.sites_of(&by.caller, by.permission, &request.sites);
        let sites = sites.map_err(|site| status::unknown_site(&site))?;
        let sites = hub.within(sites, &scopes).map_err(|scope| status::empty_scope(&scope))?;
        let tier = tier_at_least(request.tier_at_least)?;
        Ok(Wanted { sites, tier, heartbeat: request.heartbeat })
    }

    /// Whether it is asked for an alarm that is, or was in this occurrence, as grave as this.
    pub(super) fn wants(&self, transition: &Transition) -> bool {
        let grave = transition.facts.tier.max(transition.facts.tier_highest);
        self.tier.is_none_or(|tier| grave >= tier)
    }
}

fn scopes(asked: &[String]) -> Result<Vec<Scope>, Status> {
    if asked.len() > SCOPES_MAX {
        return Err(status::invalid_field("scopes", format!("at most {SCOPES_MAX} scopes")));
    }
    let parse = |text: &String| {
        text.parse::<Scope>().map_err(|error| status::invalid_field("scopes", format!("{text:?}: {error}")))
    };
    asked.iter().map(parse).collect()
}
