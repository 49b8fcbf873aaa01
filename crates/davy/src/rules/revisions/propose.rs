//! `davy rules propose`.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::Context;
use davy_proto::{
    duration_to_wire,
    v1::{RuleServiceProposeRequest, SiteFile},
};

use super::{object, tell};
use crate::{
    ask::ServerArgs, exit::Exit, out, refusal::Refusal, rules::backtest::candidate, site_folder, span,
};

/// Which files, who, and why.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The files are checked, their tests run, and they are judged over the site's journal, before anybody is asked.
  davy rules propose new --comment 'pump starts are no alarm' --expect 'a third of the alarms'
  davy rules approve park 3f2a --by li
  davy rules shadow park 3f2a                 judged beside what is active, without a sound
  davy rules activate park 3f2a
  davy rules history park 3f2a                predicted, and what it did")]
pub(crate) struct ProposeArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// The site's folder, as it is to be; its tests (tests/*.yaml) go with it
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Who proposes
    #[arg(long, env = "USER", value_name = "NAME", default_value = "", hide_env_values = true)]
    by: String,
    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    comment: String,
    /// What is expected of it
    #[arg(long = "expect", value_name = "TEXT", default_value = "")]
    expected: String,
    /// A rule whose alarms may be withdrawn, because it watches less; may be given more than once
    #[arg(long = "withdraw", value_name = "RULE")]
    withdraws: Vec<String>,
    /// Judge it over the last so much of the journal; 7 days, without
    #[arg(long = "over", value_name = "SPAN", value_parser = span::parse)]
    over: Option<Duration>,
    /// Say only what would be answered
    #[arg(long)]
    validate_only: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(crate) async fn run(args: ProposeArgs) -> anyhow::Result<Exit> {
    let file = |path: String, text: String| SiteFile { path, text };
    let files = candidate::files(&args.folder)?.into_iter().map(|it| file(it.path, it.text)).collect();
    let request = RuleServiceProposeRequest {
        files,
        tests: tests(&args)?,
        actor: args.by,
        comment: args.comment,
        expected: args.expected,
        withdraws: args.withdraws,
        predict_over: args.over.map(duration_to_wire),
        validate_only: args.validate_only,
        request_id: String::new(),
    };
    let mut client = args.server.rules().await?;
    let answer = match client.propose(request).await {
        Ok(answer) => answer.into_inner(),
        Err(status) => {
            Refusal::from(&status).tell(&args.folder.display().to_string(), args.json)?;
            return Ok(Exit::Findings);
        }
    };
    let revision = answer.revision.unwrap_or_default();
    for warning in &answer.warnings {
        eprintln!("{}", warning.message);
    }
    if args.json {
        out::line(object::revision(&revision))?;
        return Ok(Exit::Ok);
    }
    if args.validate_only {
        out::line("nothing is kept: this is what would be proposed")?;
    }
    tell::whole(&revision)?;
    Ok(Exit::Ok)
}

fn tests(args: &ProposeArgs) -> anyhow::Result<Vec<SiteFile>> {
    let file = |path: PathBuf| {
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(SiteFile { path: format!("tests/{name}"), text })
    };
    site_folder::tests(&args.folder)?.into_iter().map(file).collect()
}
