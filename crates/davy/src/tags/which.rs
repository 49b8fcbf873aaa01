//! Which tags of a running Davy are meant.

use davy_proto::v1::{SystemServiceGetStatusRequest, TagSelector};

use crate::{ask::ServerArgs, refusal::failed};

/// Which tags.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Which {
    /// Only of this site
    #[arg(long, value_name = "SITE")]
    site: Option<String>,
    /// Only with this name, or this pattern of names: `*` is any text, `?` one character; may be repeated
    #[arg(long, value_name = "PATTERN")]
    tag: Vec<String>,
    /// Only of this quantity, `gas.h2s` or `gas.*`; may be repeated
    #[arg(long, value_name = "QUANTITY")]
    quantity: Vec<String>,
    /// Only of this area, with those within; may be repeated
    #[arg(long, value_name = "AREA")]
    area: Vec<String>,
}

impl Which {
    /// A selector for each site: the one that is named, or all.
    pub(super) async fn selectors(&self, server: &ServerArgs) -> anyhow::Result<Vec<TagSelector>> {
        let sites = match &self.site {
            Some(site) => vec![site.clone()],
            None => sites(server).await?,
        };
        let of = |site| TagSelector {
            site,
            tags: self.tag.clone(),
            quantities: self.quantity.clone(),
            areas: self.area.clone(),
        };
        Ok(sites.into_iter().map(of).collect())
    }
}

async fn sites(server: &ServerArgs) -> anyhow::Result<Vec<String>> {
    let answer = server.system().await?.get_status(SystemServiceGetStatusRequest {}).await;
    let sites = answer.map_err(|status| failed(&status))?.into_inner().sites;
    Ok(sites.into_iter().map(|site| site.site).collect())
}
