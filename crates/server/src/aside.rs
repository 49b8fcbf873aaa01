//! Work that takes a core for a while, and that no alarm waits for: it leaves the cores to what judges and tells.

use std::{io, sync::LazyLock};

use rustix::{process::setpriority_process, thread::gettid};
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinHandle,
};
use tracing::warn;

/// Threads for such work.
const THREADS_MAX: usize = 16;
/// How much less they get of a core that is wanted by others (`setpriority(2)`): about a tenth.
const NICE: i32 = 10;

static ASIDE: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    let built = Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(THREADS_MAX)
        .thread_name("aside")
        .on_thread_start(step_back)
        .build();
    if let Err(error) = &built {
        warn!(%error, "work that can wait has no threads of its own");
    }
    built
});

/// Has work done that takes its time. What is done is not stopped when nobody waits for it any more.
pub(crate) fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    match &*ASIDE {
        Ok(runtime) => runtime.spawn_blocking(work),
        Err(_) => tokio::task::spawn_blocking(work),
    }
}

/// The calling thread alone: on Linux a thread has a priority of its own.
fn step_back() {
    if let Err(error) = setpriority_process(Some(gettid()), NICE) {
        warn!(%error, "work that can wait is as urgent as any");
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::getpriority_process;

    use super::*;

    #[tokio::test]
    async fn it_steps_back_and_whoever_asked_does_not() {
        let nice = || getpriority_process(Some(gettid())).expect("a priority");
        let own = nice();
        assert_eq!(aside(nice).await.expect("done"), NICE);
        assert_eq!(nice(), own);
    }
}
