//! `davy rules history`.

use std::{fs, path::PathBuf};

use anyhow::Context;
use davy_proto::v1::{Revision, RuleServiceGetRevisionRequest, RuleServiceListRevisionsRequest, SiteFile};

use super::{object, tell};
use crate::{
    ask::ServerArgs,
    exit::{Exit, Misuse},
    figures, out,
    refusal::failed,
    table,
};

/// Of which site, or which revision of it.
#[derive(Debug, clap::Args)]
pub(crate) struct HistoryArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The site
    #[arg(value_name = "SITE")]
    site: String,
    /// One revision, or its first digits: all that is known of it
    #[arg(value_name = "REVISION")]
    revision: Option<String>,
    /// Write the revision's files into this folder
    #[arg(long, value_name = "DIR", requires = "revision")]
    to: Option<PathBuf>,
    /// List this many at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u16,
    /// One JSON object a revision
    #[arg(long)]
    json: bool,
}

/// Tells it.
pub(crate) async fn run(args: HistoryArgs) -> anyhow::Result<Exit> {
    match &args.revision {
        Some(revision) => one(&args, revision).await,
        None => all(&args).await,
    }
}

async fn one(args: &HistoryArgs, revision: &str) -> anyhow::Result<Exit> {
    let request = RuleServiceGetRevisionRequest {
        site: args.site.clone(),
        revision: revision.to_owned(),
        with_files: args.to.is_some(),
    };
    let mut client = args.server.rules().await?;
    let answer = client.get_revision(request).await.map_err(|status| failed(&status))?.into_inner();
    let found = answer.revision.unwrap_or_default();
    if let Some(folder) = &args.to {
        answer.files.iter().try_for_each(|file| write(folder, file))?;
    }
    if args.json {
        out::line(object::revision(&found))?;
    } else {
        tell::whole(&found)?;
    }
    Ok(Exit::Ok)
}

/// Only below the folder, whatever the other side says a file is called.
fn write(folder: &std::path::Path, file: &SiteFile) -> anyhow::Result<()> {
    let parts: Vec<&str> = file.path.split('/').collect();
    let is_plain = |part: &&str| !part.is_empty() && !part.starts_with('.') && !part.contains('\\');
    if parts.len() > 2 || !parts.iter().all(is_plain) {
        return Err(Misuse(format!("{:?} is no path of a site's file", file.path)).into());
    }
    let path = folder.join(&file.path);
    let writing = || format!("writing {}", path.display());
    fs::create_dir_all(path.parent().unwrap_or(folder)).with_context(writing)?;
    fs::write(&path, &file.text).with_context(writing)
}

async fn all(args: &HistoryArgs) -> anyhow::Result<Exit> {
    let request = RuleServiceListRevisionsRequest {
        site: args.site.clone(),
        page_size: i32::from(args.limit),
        ..RuleServiceListRevisionsRequest::default()
    };
    let mut client = args.server.rules().await?;
    let answer = client.list_revisions(request).await.map_err(|status| failed(&status))?.into_inner();
    if args.json {
        answer.revisions.iter().try_for_each(|revision| out::line(object::revision(revision)))?;
        return Ok(Exit::Ok);
    }
    let headings = ["REVISION", "STATE", "SINCE", "BY", "CHANGES", "PREDICTED", "WHY"];
    out::line(table::render(&headings, answer.revisions.iter().map(row).collect()))?;
    let active = answer.revisions.iter().find(|one| tell::state(one) == "active");
    if active.is_some_and(|active| active.revision != answer.folder_revision) {
        out::line(format_args!(
            "the site's folder holds {}; davy rules history {} REVISION --to DIR writes what is active there",
            answer.folder_revision, args.site
        ))?;
    }
    Ok(Exit::Ok)
}

fn row(revision: &Revision) -> Vec<table::Field> {
    let last = revision.events.last();
    let actor = last.and_then(|event| event.actor.as_ref());
    let proposed = revision.events.iter().rfind(|event| event.what == "proposed");
    let why = proposed.and_then(|event| event.actor.as_ref()).map_or("", |actor| &actor.comment);
    vec![
        revision.revision.as_str().into(),
        tell::state(revision).into(),
        figures::moment(last.and_then(|event| event.at.as_ref())).into(),
        actor.map_or("", |actor| &actor.name).into(),
        revision.changes.len().to_string().into(),
        revision.predicted.as_ref().map(tell::predicted_short).unwrap_or_default().into(),
        why.into(),
    ]
}
