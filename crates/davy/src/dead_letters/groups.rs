//! `davy deadletters groups`.

use davy_proto::v1::{DeadLetterGroup, DeadLetterServiceListGroupsRequest};

use crate::{ask::ServerArgs, exit::Exit, figures, json, out, refusal::failed, table};

/// Of which site.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// Only of this site
    #[arg(long, value_name = "SITE", default_value = "")]
    site: String,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    let mut found = Vec::new();
    let mut client = args.server.dead_letters().await?;
    for site in super::sites(&args.server, args.site).await? {
        let answer = client.list_groups(DeadLetterServiceListGroupsRequest { site }).await;
        found.extend(answer.map_err(|status| failed(&status))?.into_inner().groups);
    }
    found.sort_by(|a, b| b.messages.cmp(&a.messages).then_with(|| a.example.cmp(&b.example)));
    if args.json {
        for group in &found {
            out::line(json::dead_letter_group(group))?;
        }
    } else if found.is_empty() {
        out::line("nothing was refused")?;
    } else {
        let headings =
            ["MESSAGES", "READINGS", "SITE", "EDGE NODE", "CODE", "PLACE", "LAST (UTC)", "EXAMPLE"];
        out::line(table::render(&headings, found.iter().map(row).collect()))?;
    }
    Ok(Exit::Ok)
}

fn row(group: &DeadLetterGroup) -> Vec<table::Field> {
    vec![
        group.messages.to_string().into(),
        group.readings.to_string().into(),
        group.site.as_str().into(),
        group.edge_node.as_str().into(),
        group.code.as_str().into(),
        group.pointer.as_str().into(),
        figures::moment(group.last_time.as_ref()).into(),
        group.example.as_str().into(),
    ]
}
