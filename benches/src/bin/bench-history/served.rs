//! A Davy whose history is in PostgreSQL.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result};
use davy_benches::{
    davy::{binary, site_files},
    log::TAGS,
    process::{Process, free_port},
};

/// It runs until it is dropped.
pub(crate) struct Served {
    /// Its door's port.
    pub(crate) door: u16,
    _process: Process,
}

impl Served {
    /// Starts one in a folder, with so many edge nodes.
    pub(crate) fn start(folder: &Path, url: &str, nodes: usize) -> Result<Served> {
        for (path, text) in site_files(TAGS as usize, nodes) {
            let path = folder.join("site").join(path);
            fs::create_dir_all(path.parent().context("a folder")?)?;
            fs::write(path, text)?;
        }
        let (http, door) = (free_port()?, free_port()?);
        let config = format!(
            "data_dir = \"data\"\nsites = [\"site\"]\n[http]\nlisten = \"127.0.0.1:{http}\"\n[door]\nlisten = \"127.0.0.1:{door}\"\n\
             receive_max = 65535\nclient_readings_per_s = 1000000\n[history]\nstore = \"postgres\"\nurl = \"{url}\"\n"
        );
        let path = folder.join("davy.toml");
        fs::write(&path, config)?;
        let mut command = Command::new(binary()?);
        command.args(["serve", "--config"]).arg(&path).stdout(Stdio::null()).stderr(Stdio::null());
        Ok(Served { door, _process: Process { child: command.spawn().context("starting davy")? } })
    }
}
