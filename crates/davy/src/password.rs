//! A password, from a person or a pipe.

use std::io::{self, IsTerminal, Read};

use anyhow::{Context, bail};
use crossterm::{
    event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, read},
    terminal::{disable_raw_mode, enable_raw_mode},
};

/// Bytes of a password at most.
const LEN_MAX: u64 = 1024;

/// Asks for it without showing it; from a pipe, reads the first line.
pub(crate) fn ask(prompt: &str) -> anyhow::Result<String> {
    if io::stdin().is_terminal() {
        eprint!("{prompt}");
        enable_raw_mode()?;
        let typed = typed();
        disable_raw_mode()?;
        eprintln!();
        return typed;
    }
    let mut text = String::new();
    io::stdin().lock().take(LEN_MAX + 2).read_to_string(&mut text).context("standard input")?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn typed() -> anyhow::Result<String> {
    let mut text = String::new();
    loop {
        let Event::Key(KeyEvent { code, modifiers, kind: KeyEventKind::Press, .. }) = read()? else {
            continue;
        };
        match code {
            KeyCode::Enter => return Ok(text),
            KeyCode::Char('c' | 'd') if modifiers.contains(KeyModifiers::CONTROL) => bail!("interrupted"),
            KeyCode::Char(letter) => text.push(letter),
            KeyCode::Backspace => {
                text.pop();
            }
            _ => {}
        }
    }
}
