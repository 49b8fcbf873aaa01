//! What a newcomer reads first: where everything is, and what to try.

use super::{
    Args,
    stage::{Folder, Stage},
};
use crate::line;

/// The header, several lines.
pub(super) fn text(stage: &Stage, args: &Args) -> String {
    let (door, http) = (stage.door_addr(), stage.server.http_addr());
    let journals = match stage.folder() {
        Folder::Kept(path) => format!("{}", path.display()),
        Folder::Passing(folder) => {
            format!("{} (goes away at the end; --data-dir keeps it)", folder.path().display())
        }
    };
    let server = if http.port() == 8080 { String::new() } else { format!(" --server http://{http}") };
    let speed = args.speed;
    let until = if args.span.is_some() { "" } else { "Ctrl-C stops it. " };
    let mut text = format!(
        "\
davy {version} demo: the sample sites gas, mine and park, simulated gateways at {speed}x, seed {seed}
  readings in   mqtt://{door}
  alerts out    http://{http} (gRPC, /metrics, /healthz)
  journals      {journals}
{until}Try in another terminal:
  davy alarms list{server}
  davy alarms explain park:ammonia:AT-0601/nh3{server}
  davy alarms ack park:ammonia:AT-0601/nh3 --by ann{server}
  mosquitto_pub -h {host} -p {port} -q 1 -t davy/v1/park/gw-1/readings \\
    -m '{{\"readings\": [{{\"tag\": \"AT-0601/nh3\", \"value\": 62, \"unit\": \"ppm\"}}]}}'
",
        version = env!("CARGO_PKG_VERSION"),
        seed = args.seed,
        host = door.ip(),
        port = door.port(),
    );
    if !args.json {
        text.push('\n');
        text.push_str(&line::heading());
    }
    text
}
