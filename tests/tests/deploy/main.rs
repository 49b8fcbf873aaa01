//! What `deploy` ships works with what Davy makes: the dashboards' SQL gives rows from a database that Davy filled, and compose
//! understands its file.
//!
//! With `DAVY_TEST_TIMESCALE_URL`, the dashboards are tried on that server as well, in a database of its own.

mod compose;
mod dashboard;
mod filled;
mod grafana;
#[path = "../../../crates/history/tests/common/story.rs"]
#[allow(dead_code, reason = "it serves the stories of history too")]
mod story;
