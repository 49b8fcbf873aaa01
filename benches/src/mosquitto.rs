//! Mosquitto in memory, on its own port: the floor to measure against. It is not durable, and Davy's door is.

use std::{
    fs,
    process::{Command, Stdio},
};

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::process::{Process, free_port, wait_for_port};

/// A running broker.
pub struct Mosquitto {
    /// Its port.
    pub port: u16,
    /// The broker.
    pub process: Process,
    _dir: TempDir,
}

impl Mosquitto {
    /// Starts one without persistence. Debian's 2.0.11 loses QoS 1 messages with its stock queue limits: they are lifted.
    ///
    /// # Errors
    /// When it is not installed or does not come up.
    pub fn start() -> Result<Mosquitto> {
        let (dir, port) = (tempfile::tempdir()?, free_port()?);
        let config = dir.path().join("mosquitto.conf");
        fs::write(
            &config,
            format!(
                "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\n\
                 max_inflight_messages 0\nset_tcp_nodelay true\nlog_type none\n"
            ),
        )?;
        let child = Command::new("mosquitto")
            .arg("-c")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting mosquitto; is it installed?")?;
        let process = Process { child };
        wait_for_port(port)?;
        Ok(Mosquitto { port, process, _dir: dir })
    }
}
