//! One thread of a running Davy held still, while the others go on: as a deadlock does it, or a disk that hangs.
//!
//! By `strace`, which delays system calls as they are entered. Let go, the thread goes on where it was.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use crate::{LONG, wait_until};

/// Threads held still until this goes out of scope.
#[derive(Debug)]
pub struct Stall {
    tracer: Child,
}

impl Stall {
    /// Holds every thread of `pid` whose name begins so, at its next system call.
    ///
    /// # Panics
    /// When there is no such thread, or it cannot be held.
    pub async fn threads(pid: u32, name: &str) -> Stall {
        Stall::at(pid, name, "all").await
    }

    /// Holds them at their next system call among `calls`, as strace names them.
    ///
    /// # Panics
    /// When there is no such thread, or it cannot be held.
    pub async fn at(pid: u32, name: &str, calls: &str) -> Stall {
        let threads = threads(pid, name);
        assert!(!threads.is_empty(), "no thread of {pid} is called {name}...");
        let mut command = Command::new("strace");
        command.args(["-qq", "-o", "/dev/null", "-e", &format!("trace={calls}")]);
        command.args(["-e", &format!("inject={calls}:delay_enter=600s")]);
        for thread in &threads {
            command.args(["-p", thread]);
        }
        let tracer = command.stdin(Stdio::null()).spawn().expect("strace runs");
        let stall = Stall { tracer };
        wait_until(&format!("{name} is held"), LONG, async || {
            threads.iter().all(|thread| is_traced(pid, thread)).then_some(())
        })
        .await;
        stall
    }
}

impl Drop for Stall {
    fn drop(&mut self) {
        // Without its tracer a thread goes on by itself.
        let _ = self.tracer.kill();
        let _ = self.tracer.wait();
    }
}

fn threads(pid: u32, name: &str) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("it runs").flatten();
    let ids = tasks.map(|task| task.file_name().to_string_lossy().into_owned());
    let named = ids.filter(|id| {
        fs::read_to_string(format!("/proc/{pid}/task/{id}/comm")).is_ok_and(|comm| comm.starts_with(name))
    });
    named.collect()
}

fn is_traced(pid: u32, thread: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/task/{thread}/status")).unwrap_or_default();
    let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
    tracer.is_some_and(|tracer| tracer.trim() != "0")
}
