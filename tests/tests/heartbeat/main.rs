//! Silence must mean danger: whatever stalls, heartbeats stop, and a watchdog in another process says so in time.

mod alive;
mod canary;
mod stalls;
mod watchdog;

use std::time::Duration;

use davy_tests::{Davy, Grpc, LONG, Setup, wait_until};

/// How long the watchdogs here put up with silence.
const SILENCE: &str = "2s";
/// The same, and what a busy machine may add to it.
const SILENCE_AND_SMALL: Duration = Duration::from_secs(12);

/// Twenty times as fast as in a plant, so that no test waits a minute.
const QUICK: &str = "[heartbeat]\nevery = \"250ms\"\n[canary]\nevery = \"1s\"\ndeadline = \"1s\"\n";
/// The same, where the canary is not what is looked at, and must not be late on a machine that has much to do.
const PATIENT: &str = "[heartbeat]\nevery = \"250ms\"\n[canary]\nevery = \"60s\"\ndeadline = \"60s\"\n";

/// The park of the sample, with `more` in its configuration and nobody sending.
async fn park(more: &str) -> (Setup, Davy, Grpc) {
    let mut setup = Setup::new();
    setup.sample("park");
    setup.configure(more);
    let server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    (setup, server, grpc)
}

/// Waits until the canary has come back once.
async fn until_the_canary_is_back(grpc: &Grpc) {
    wait_until("the canary is back", LONG, async || {
        (grpc.canary().await.state() == davy_proto::v1::CanaryState::Ok).then_some(())
    })
    .await;
}
