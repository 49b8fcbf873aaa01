//! Where things go: alerts to standard output, the rest to standard error when a program reads the alerts.
//!
//! On a terminal the last line shows how it goes, and is drawn anew below every alert; elsewhere it comes as a plain line
//! every five seconds.

use std::{
    io::{self, IsTerminal, Write},
    time::Duration,
};

use davy_proto::{
    alert_json,
    v1::{SystemServiceGetStatusResponse, alert_service_subscribe_response::Event},
};

use super::{
    account::Account,
    progress::{self, Rate},
};
use crate::{alarms::gap, follow::Seen, json, line, looks::Colour, out, span};

/// Looks between two plain progress lines; there is one a second.
const PLAIN_EVERY: u32 = 5;
/// Back to the start of the line, and nothing on it.
const WIPE: &str = "\r\u{1b}[2K";

/// The terminal, or what stands in for it.
pub(super) struct Screen {
    as_json: bool,
    colour: Colour,
    /// Whether the last line may be drawn over.
    live: bool,
    last: String,
    rate: Rate,
    looks: u32,
}

impl Screen {
    /// The screen at hand.
    pub(super) fn new(as_json: bool) -> Screen {
        // Without colour there are no escape codes at all: then nothing is drawn over either.
        let live =
            io::stderr().is_terminal() && (Colour::of_stdout() == Colour::On || !io::stdout().is_terminal());
        Screen {
            as_json,
            colour: Colour::of_stdout(),
            live,
            last: String::new(),
            rate: Rate::default(),
            looks: 0,
        }
    }

    /// Shows a text of several lines.
    pub(super) fn show(&mut self, text: &str) -> io::Result<()> {
        if self.as_json {
            eprintln!("{text}");
            return Ok(());
        }
        out::line(text)
    }

    /// Shows what came.
    pub(super) fn seen(&mut self, seen: &Seen) -> io::Result<()> {
        match seen {
            Seen::Event(event) => self.event(event),
            Seen::Broken { why, again_in } => {
                self.note(&format!("{why}; again in {}", span::words(*again_in)));
                Ok(())
            }
        }
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::Alert(alert) if self.as_json => self.row(&alert_json(alert)),
            Event::Alert(alert) => self.row(&self.fit(&line::alert(alert, self.colour))),
            Event::Alarm(alarm) if self.as_json => self.row(&json::standing(alarm)),
            Event::Alarm(alarm) => self.row(&self.fit(&line::standing(alarm, self.colour))),
            Event::Gap(found) => {
                self.note(&gap(found));
                Ok(())
            }
            Event::SnapshotBegin(_) | Event::SnapshotEnd(_) | Event::Heartbeat(_) | Event::Bookmark(_) => {
                Ok(())
            }
        }
    }

    /// Shows how it goes.
    pub(super) fn progress(
        &mut self,
        elapsed: Duration,
        status: &SystemServiceGetStatusResponse,
        heartbeats: u64,
    ) {
        if self.live {
            let text = progress::line(&mut self.rate, elapsed, status, heartbeats);
            self.last = self.fit(&text);
            self.draw();
            return;
        }
        if self.looks > 0 && self.looks.is_multiple_of(PLAIN_EVERY) {
            eprintln!("{}", progress::line(&mut self.rate, elapsed, status, heartbeats));
        }
        self.looks += 1;
    }

    /// Says something on standard error.
    pub(super) fn note(&mut self, text: &str) {
        self.wipe();
        eprintln!("{text}");
        self.draw();
    }

    /// Gives the account: on standard error as one JSON object when a program reads the alerts.
    pub(super) fn account(&mut self, account: &Account) -> io::Result<()> {
        self.wipe();
        self.last.clear();
        if self.as_json {
            eprintln!("{}", account.json());
            return Ok(());
        }
        out::line(account.text())
    }

    fn row(&mut self, text: &str) -> io::Result<()> {
        self.wipe();
        let written = out::line(text);
        self.draw();
        written
    }

    fn wipe(&self) {
        if self.live && !self.last.is_empty() {
            eprint!("{WIPE}");
        }
    }

    fn draw(&self) {
        if self.live && !self.last.is_empty() {
            eprint!("{WIPE}{}", self.last);
            // Without its end a line waits; nobody minds when it cannot be shown.
            let _ = io::stderr().flush();
        }
    }

    /// Cut to the terminal's width: a line that wraps could not be drawn over, and a table is no table then.
    fn fit(&self, text: &str) -> String {
        let width = if self.live { crossterm::terminal::size().ok() } else { None };
        width.map_or_else(
            || text.to_owned(),
            |(columns, _)| {
                let cut = line::cut(text, usize::from(columns).saturating_sub(1));
                // What was cut off may have ended the colours.
                if cut.contains('\u{1b}') { format!("{cut}\u{1b}[0m") } else { cut }
            },
        )
    }
}
