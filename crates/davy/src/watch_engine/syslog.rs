//! The system log, by its socket: RFC 3164 as local daemons are spoken to, without a time of our own.

use std::{os::unix::net::UnixDatagram, process};

use super::word::Word;

/// Where the system log listens.
const SOCKET: &str = "/dev/log";
/// Facility `daemon`.
const DAEMON: u8 = 3 << 3;
/// Severity `alert`: action must be taken at once.
const ALERT: u8 = 1;
/// Severity `notice`.
const NOTICE: u8 = 5;

/// The way to the system log.
#[derive(Debug)]
pub(super) struct Syslog {
    socket: Option<UnixDatagram>,
}

impl Syslog {
    /// Opens the way; that nobody is there shows with the first word.
    pub(super) fn open() -> Syslog {
        Syslog { socket: UnixDatagram::unbound().ok() }
    }

    /// Writes a word. What cannot be written is told on standard error: it must not keep the others from being told.
    pub(super) fn say(&mut self, word: &Word) {
        let line = line(word);
        let sent = self.socket.as_ref().map(|socket| socket.send_to(line.as_bytes(), SOCKET));
        match sent {
            Some(Ok(_)) => {}
            Some(Err(error)) => eprintln!("--syslog: {SOCKET}: {error}"),
            None => eprintln!("--syslog: no socket can be made"),
        }
    }
}

fn line(word: &Word) -> String {
    let severity = if word.kind.is_alarm() { ALERT } else { NOTICE };
    format!("<{}>davy-watch-engine[{}]: {}", DAEMON | severity, process::id(), word.message)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::watch_engine::word::Kind;

    #[test]
    fn an_alarm_is_an_alert_and_an_all_clear_a_notice() {
        let said = |kind| line(&Word::new(kind, "park", Duration::ZERO, "what happened".to_owned()));
        assert!(said(Kind::Lost).starts_with("<25>davy-watch-engine["), "{}", said(Kind::Lost));
        assert!(said(Kind::Back).starts_with("<29>"), "{}", said(Kind::Back));
        assert!(said(Kind::Back).ends_with("]: what happened"));
    }
}
