//! What can be asked of the demo.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use crate::span;

/// How to play it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Alerts go to standard output. The account at the end says what became of every reading; the exit code is 0 when it balances.")]
pub(crate) struct Args {
    /// For how long: 60s, 5m; until interrupted, when not given
    #[arg(long = "for", value_parser = span::parse, value_name = "SPAN")]
    pub(super) span: Option<Duration>,
    /// How many times as fast as in life the plants behave, 0.01 to 1000
    #[arg(long, value_parser = parse_speed, value_name = "N", default_value = "1")]
    pub(super) speed: f64,
    /// The same seed gives the same values
    #[arg(long, value_name = "N", default_value_t = 7)]
    pub(super) seed: u64,
    /// One alert a line as JSON on standard output, everything else on standard error
    #[arg(long)]
    pub(super) json: bool,
    /// Serve no web console
    #[arg(long, hide = true)]
    no_console: bool,
    /// Where gRPC, /metrics and /healthz are served; port 0 lets the system choose
    #[arg(long, value_parser = parse_addr, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(super) http: SocketAddr,
    /// Where MQTT is taken in; port 0 lets the system choose
    #[arg(long, value_parser = parse_addr, value_name = "ADDR", default_value = "127.0.0.1:1883")]
    pub(super) door: SocketAddr,
    /// Where journals are kept, and stay; a folder that goes away again, when not given
    #[arg(long, value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,
}

fn parse_speed(text: &str) -> Result<f64, String> {
    let speed = text.trim_end_matches('x').parse().ok().filter(|speed| (0.01..=1000.0).contains(speed));
    speed.ok_or_else(|| "expected a number from 0.01 to 1000".to_owned())
}

/// Nobody has to say who they are in a demo, so nobody from elsewhere gets in.
fn parse_addr(text: &str) -> Result<SocketAddr, String> {
    let addr: Option<SocketAddr> = text.parse().ok();
    addr.filter(|addr| addr.ip() == Ipv4Addr::LOCALHOST).ok_or_else(|| {
        "expected 127.0.0.1:PORT: the demo has no passwords, so it stays on this machine".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_demo_stays_on_its_machine() {
        assert!(parse_addr("127.0.0.1:0").is_ok());
        for text in ["0.0.0.0:8080", "192.168.1.5:8080", "[::]:1", "8080", "localhost"] {
            assert!(parse_addr(text).expect_err(text).contains("127.0.0.1:PORT"), "{text}");
        }
    }

    #[test]
    fn a_speed_is_a_number_within_reason() {
        assert_eq!(parse_speed("10"), Ok(10.0));
        assert_eq!(parse_speed("2.5x"), Ok(2.5));
        for text in ["0", "-1", "NaN", "inf", "1e9", "fast"] {
            assert!(parse_speed(text).is_err(), "{text}");
        }
    }
}
