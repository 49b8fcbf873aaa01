//! A `davy serve` of its own, with as many tags as asked for.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result};
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};

use crate::process::{Process, free_port, wait_for_port};

/// A running Davy with a site `bench`, edge nodes `n0`..., and tags `t0`... in ppm, each under a two-level limit (80, 90, clear
/// below 75) and a stale rule.
pub struct Davy {
    /// Its HTTP and gRPC port.
    pub http: u16,
    /// Its door's port.
    pub door: u16,
    /// The server.
    pub process: Process,
    _dir: TempDir,
}

/// What Davy does beside judging that can be switched off: quotas and the canary. Gaps, scores and the account cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protections {
    /// Quotas are kept, so wide that they hold nobody up.
    On,
    /// None of them.
    Off,
}

impl Protections {
    /// What follows in the section `door`.
    fn config(self) -> &'static str {
        match self {
            Protections::On => "client_kib_per_s = 4000000\nclient_readings_per_s = 100000000\n",
            Protections::Off => {
                "client_kib_per_s = 0\nclient_readings_per_s = 0\n[canary]\nenabled = false\n"
            }
        }
    }
}

/// The site's files.
pub fn site_files(tags: usize, nodes: usize) -> Vec<(&'static str, String)> {
    let edge_nodes: Vec<String> = (0..nodes).map(|node| format!("{{id: n{node}}}")).collect();
    let site = format!("site: bench\ntitle: Bench\nedge_nodes: [{}]\n", edge_nodes.join(", "));
    let mut csv = String::from("tag,quantity,unit,low,high,interval\n");
    for tag in 0..tags {
        csv.push_str(&format!("t{tag},gas.h2s,ppm,0,100,60s\n"));
    }
    let rules = "rules:\n  - id: h2s\n    title: Hydrogen sulfide\n    applies_to: {quantity: gas.h2s}\n    limit:\n      \
                 - {name: H, tier: orange, at_or_above: 80 ppm, clear_below: 75 ppm}\n      \
                 - {name: HH, tier: red, at_or_above: 90 ppm, clear_below: 85 ppm}\n    \
                 response: {action: Look, time_to_respond: 3m}\n  \
                 - id: silent\n    title: Silent\n    applies_to: {quantity: gas.h2s}\n    stale: {tier: yellow}\n    \
                 response: {action: Look, time_to_respond: 10m}\n";
    vec![("site.yaml", site), ("tags.csv", csv), ("rules/rules.yaml", rules.to_owned())]
}

/// Where the `davy` binary is: beside the bench's own.
///
/// # Errors
/// When it is not there.
pub fn binary() -> Result<PathBuf> {
    let own = env::current_exe()?;
    let beside = own.parent().context("no folder")?.join("davy");
    anyhow::ensure!(beside.is_file(), "{} is not there: run benches/run, which builds it", beside.display());
    Ok(beside)
}

impl Davy {
    /// A gRPC channel to it.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn channel(&self) -> Result<Channel> {
        channel(self.http).await
    }

    /// Starts one with every protection on; with `broker`, its readings come through the broker on that port as well.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(tags: usize, nodes: usize, broker: Option<u16>) -> Result<Davy> {
        Davy::start_with(tags, nodes, broker, Protections::On)
    }

    /// Starts one.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_with(
        tags: usize,
        nodes: usize,
        broker: Option<u16>,
        protections: Protections,
    ) -> Result<Davy> {
        let dir =
            tempfile::tempdir_in(env::var_os("DAVY_BENCH_DIR").unwrap_or_else(|| env::temp_dir().into()))?;
        let (http, door) = (free_port()?, free_port()?);
        write_site(dir.path(), tags, nodes)?;
        let mut config = format!(
            "data_dir = \"data\"\nsites = [\"site\"]\n[http]\nlisten = \"127.0.0.1:{http}\"\n[door]\nlisten = \"127.0.0.1:{door}\"\n\
             receive_max = 65535\n{}",
            protections.config()
        );
        if let Some(port) = broker {
            config.push_str(&format!("[broker]\nurl = \"mqtt://127.0.0.1:{port}\"\nreceive_max = 10000\n"));
        }
        let path = dir.path().join("davy.toml");
        fs::write(&path, config)?;
        let child = Command::new(binary()?)
            .args(["serve", "--config"])
            .arg(&path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting davy")?;
        let process = Process { child };
        wait_for_port(door)?;
        wait_for_port(http)?;
        Ok(Davy { http, door, process, _dir: dir })
    }
}

/// A gRPC channel to the server on that port.
///
/// # Errors
/// When it does not answer.
pub async fn channel(http: u16) -> Result<Channel> {
    Ok(Endpoint::from_shared(format!("http://127.0.0.1:{http}"))?.connect().await?)
}

fn write_site(dir: &Path, tags: usize, nodes: usize) -> Result<()> {
    fs::create_dir_all(dir.join("site/rules"))?;
    for (path, text) in site_files(tags, nodes) {
        fs::write(dir.join("site").join(path), text)?;
    }
    Ok(())
}
