//! `davy rules propose`, `approve`, `reject`, `shadow`, `activate`, `rollback` and `history`: how other rules take the place of
//! those that are active, asked of a running Davy.

mod history;
mod object;
mod propose;
mod tell;
mod which;

use davy_proto::v1::{
    Revision, RevisionState, RevisionTarget, RuleServiceActivateRequest, RuleServiceApproveRequest,
    RuleServiceRejectRequest, RuleServiceRollbackRequest, RuleServiceShadowRequest,
};

pub(crate) use history::{HistoryArgs, run as history};
pub(crate) use propose::{ProposeArgs, run as propose};

use tonic::Status;

use crate::{ask::ServerArgs, exit::Exit, out, refusal::Refusal};

/// Of which revision, and who asks.
#[derive(Debug, clap::Args)]
pub(crate) struct DecideArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The site
    #[arg(value_name = "SITE")]
    site: String,
    /// The revision, or its first digits; the only one that it can be done with, when not given
    #[arg(value_name = "REVISION")]
    revision: Option<String>,
    /// Who asks
    #[arg(long, env = "USER", value_name = "NAME", default_value = "", hide_env_values = true)]
    by: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    comment: String,
    /// Only if it still stands as it did when this was its etag, which `davy rules history SITE REVISION --json` shows
    #[arg(long, value_name = "ETAG", default_value = "", hide_default_value = true)]
    etag: String,
    /// Say only what would be answered
    #[arg(long)]
    validate_only: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// As the others; or no longer.
#[derive(Debug, clap::Args)]
pub(crate) struct ShadowArgs {
    #[command(flatten)]
    decide: DecideArgs,
    /// No longer
    #[arg(long)]
    end: bool,
}

/// What to do with it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Decision {
    Approve,
    Reject,
    Activate,
    Rollback,
}

/// Does it.
pub(crate) async fn decide(args: DecideArgs, decision: Decision) -> anyhow::Result<Exit> {
    let mut client = args.server.rules().await?;
    let states: &[RevisionState] = match decision {
        Decision::Approve => &[RevisionState::Proposed],
        Decision::Reject => &[RevisionState::Proposed, RevisionState::Approved, RevisionState::Shadow],
        Decision::Activate => &[RevisionState::Approved, RevisionState::Shadow],
        Decision::Rollback => &[RevisionState::Active],
    };
    let revision = which::revision(&mut client, &args.site, args.revision.as_deref(), states).await?;
    let (target, validate_only) = (Some(args.target(&revision)), args.validate_only);
    let answer = match decision {
        Decision::Approve => {
            let request = RuleServiceApproveRequest { target, validate_only };
            client.approve(request).await.map(|it| it.into_inner().revision)
        }
        Decision::Reject => {
            let request = RuleServiceRejectRequest { target, validate_only };
            client.reject(request).await.map(|it| it.into_inner().revision)
        }
        Decision::Activate => {
            let request = RuleServiceActivateRequest { target, validate_only };
            client.activate(request).await.map(|it| it.into_inner().revision)
        }
        Decision::Rollback => {
            let request = RuleServiceRollbackRequest { target, validate_only };
            client.rollback(request).await.map(|it| it.into_inner().revision)
        }
    };
    args.answered(&revision, answer)
}

/// Judges it beside what is active; or no longer.
pub(crate) async fn shadow(args: ShadowArgs) -> anyhow::Result<Exit> {
    let mut client = args.decide.server.rules().await?;
    let states = [if args.end { RevisionState::Shadow } else { RevisionState::Approved }];
    let DecideArgs { site, revision, .. } = &args.decide;
    let revision = which::revision(&mut client, site, revision.as_deref(), &states).await?;
    let DecideArgs { validate_only, .. } = args.decide;
    let target = Some(args.decide.target(&revision));
    let request = RuleServiceShadowRequest { target, end: args.end, validate_only };
    let answer = client.shadow(request).await.map(|it| it.into_inner().revision);
    args.decide.answered(&revision, answer)
}

impl DecideArgs {
    fn target(&self, revision: &str) -> RevisionTarget {
        RevisionTarget {
            site: self.site.clone(),
            revision: revision.to_owned(),
            actor: self.by.clone(),
            comment: self.comment.clone(),
            etag: self.etag.clone(),
            request_id: String::new(),
        }
    }

    fn answered(&self, asked: &str, answer: Result<Option<Revision>, Status>) -> anyhow::Result<Exit> {
        let revision = match answer {
            Ok(revision) => revision.unwrap_or_default(),
            Err(status) => {
                Refusal::from(&status).tell(&format!("{} {asked}", self.site), self.json)?;
                return Ok(Exit::Findings);
            }
        };
        if self.json {
            out::line(object::revision(&revision))?;
            return Ok(Exit::Ok);
        }
        if self.validate_only {
            out::line("nothing is done: this is how it would stand")?;
        }
        out::line(tell::standing(&revision))?;
        Ok(Exit::Ok)
    }
}
