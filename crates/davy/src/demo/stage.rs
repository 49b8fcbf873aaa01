//! The server, the gateways, and the folder the journals are in.

use std::{io::ErrorKind, net::SocketAddr, path::Path};

use anyhow::Context;
use davy_server::{Config, Server, StartError};
use davy_simulators::{BrokerUrl, Simulation, SimulationConfig, Totals};
use tempfile::TempDir;

use super::{Args, sample};
use crate::ask::ServerArgs;

/// What plays.
pub(super) struct Stage {
    pub(super) server: Server,
    gateways: Option<Simulation>,
    folder: Folder,
}

/// Where the journals are.
pub(super) enum Folder {
    /// Named by whoever started the demo; it stays.
    Kept(std::path::PathBuf),
    /// Goes away with the demo.
    Passing(TempDir),
}

impl Folder {
    fn open(args: &Args) -> anyhow::Result<Folder> {
        Ok(match &args.data_dir {
            Some(folder) => Folder::Kept(folder.clone()),
            None => {
                let folder = tempfile::Builder::new().prefix("davy-demo-").tempdir();
                Folder::Passing(
                    folder.context("making a folder for the journals; --data-dir DIR names another")?,
                )
            }
        })
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        match self {
            Folder::Kept(path) => path,
            Folder::Passing(folder) => folder.path(),
        }
    }
}

impl Stage {
    /// Starts the server; says what is in the way when it cannot, and gives nothing then.
    pub(super) async fn open(args: &Args) -> anyhow::Result<Option<Stage>> {
        let folder = Folder::open(args)?;
        let data_dir = folder.path().to_owned();
        let config = Config::on_loopback(data_dir, sample::sites(), args.http.port(), args.door.port());
        match Server::start(config).await {
            Ok(server) => Ok(Some(Stage { server, gateways: None, folder })),
            Err(error) => match in_the_way(&error, args) {
                Some(told) => {
                    eprintln!("error: {told}");
                    Ok(None)
                }
                None => Err(anyhow::Error::new(error).context("starting Davy")),
            },
        }
    }

    /// Starts the simulated gateways.
    pub(super) fn start_gateways(&mut self, args: &Args) -> anyhow::Result<()> {
        let door = self.door_addr();
        let broker: BrokerUrl = format!("mqtt://{door}").parse()?;
        let config = SimulationConfig { speed: args.speed, ..SimulationConfig::samples(broker, args.seed) };
        self.gateways = Some(Simulation::start(config)?);
        Ok(())
    }

    /// Stops the gateways, once everything they sent is acknowledged.
    pub(super) async fn stop_gateways(self) -> (Server, Totals, Folder) {
        let totals = match self.gateways {
            Some(gateways) => gateways.stop().await,
            None => Totals::default(),
        };
        (self.server, totals, self.folder)
    }

    /// How a client finds the server.
    pub(super) fn server_args(&self) -> ServerArgs {
        ServerArgs::at(format!("http://{}", self.server.http_addr()))
    }

    /// Where MQTT is taken in.
    pub(super) fn door_addr(&self) -> SocketAddr {
        self.server.door_addr().expect("the demo's configuration has a door")
    }

    /// Where the journals are.
    pub(super) fn folder(&self) -> &Folder {
        &self.folder
    }
}

/// What to say of a port that somebody else has.
fn in_the_way(error: &StartError, args: &Args) -> Option<String> {
    let StartError::Io { what, source } = error else { return None };
    if source.kind() != ErrorKind::AddrInUse {
        return None;
    }
    let (flag, addr, who) = if what.starts_with("http") {
        ("--http", args.http, "another Davy or web server")
    } else {
        ("--door", args.door, "an MQTT broker or another Davy")
    };
    Some(format!(
        "{addr} is taken, by {who} perhaps; try davy demo {flag} 127.0.0.1:0, which takes any free port"
    ))
}
