//! History in PostgreSQL: what is kept, and what becomes of it when the database or Davy dies.
//!
//! With `DAVY_TEST_TIMESCALE_URL`, the stories of the store are told on that server as well, in databases of their own.

mod backtest;
#[path = "../../../crates/history/tests/common/mod.rs"]
mod common;
mod landing;
mod migrations;
mod served;
mod stories;
