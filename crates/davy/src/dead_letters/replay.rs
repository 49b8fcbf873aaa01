//! `davy deadletters replay`.

use davy_proto::v1::{DeadLetterServiceReplayRequest, ReplayedLetter};

use crate::{ask::ServerArgs, exit::Exit, json, out, refusal::failed};

/// Which letters: by id, or a group.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// Their ids, park/17
    #[arg(value_name = "ID", required_unless_present = "code", conflicts_with_all = ["site", "edge_node", "code", "pointer"])]
    ids: Vec<String>,
    /// All of a group: its site
    #[arg(long, value_name = "SITE", default_value = "")]
    site: String,
    /// The group's edge node
    #[arg(long, value_name = "EDGE_NODE", default_value = "")]
    edge_node: String,
    /// The group's reason code, UNIT_MISMATCH
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    /// The group's place, /readings/*/unit
    #[arg(long, value_name = "PLACE", default_value = "")]
    pointer: String,
    /// Also those that were sent again before
    #[arg(long)]
    again: bool,
    /// Your name, for the log
    #[arg(long, value_name = "NAME", env = "USER", default_value = "")]
    by: String,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    let request = DeadLetterServiceReplayRequest {
        ids: args.ids,
        site: args.site,
        edge_node: args.edge_node,
        code: args.code.unwrap_or_default(),
        pointer: args.pointer,
        actor: args.by,
        again: args.again,
    };
    let answer = args.server.dead_letters().await?.replay(request).await;
    let letters = answer.map_err(|status| failed(&status))?.into_inner().letters;
    let mut refused = false;
    for letter in &letters {
        refused |= letter.rejected > 0 || !letter.failure.is_empty();
        out::line(if args.json { json::replayed_letter(letter).to_string() } else { text(letter) })?;
    }
    if letters.is_empty() && !args.json {
        out::line("nothing to send again")?;
    }
    Ok(Exit::found(refused))
}

fn text(letter: &ReplayedLetter) -> String {
    if !letter.failure.is_empty() {
        return format!("{}: not sent again: {}", letter.id, letter.failure);
    }
    let told =
        format!("{}: {} readings in the journal, {} refused", letter.id, letter.accepted, letter.rejected);
    let problems = letter.problems.iter().map(super::problem_text);
    std::iter::once(told).chain(problems).collect::<Vec<_>>().join("\n")
}
