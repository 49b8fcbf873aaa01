//! Child processes, their CPU time, and ports for them.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    process::Child,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

/// A child that ends with its owner.
pub struct Process {
    /// The child.
    pub child: Child,
}

impl Process {
    /// CPU time used so far, user and system, µs.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn cpu_us(&self) -> Result<u64> {
        cpu_us(self.child.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// CPU time of a process so far, user and system, µs. The kernel counts it in ticks of 10 ms.
///
/// # Errors
/// When there is no such process.
pub fn cpu_us(pid: u32) -> Result<u64> {
    const TICK_US: u64 = 10_000;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("reading the process's CPU time")?;
    let after_name = stat.rsplit_once(')').context("no name in stat")?.1;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    Ok((ticks(11) + ticks(12)) * TICK_US)
}

/// A port nobody listens on now.
///
/// # Errors
/// When the system has none.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Waits until something listens on the port.
///
/// # Errors
/// When nothing does within 60 s.
pub fn wait_for_port(port: u16) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(60);
    while Instant::now() < until {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    bail!("nothing listens on port {port}")
}
