//! Standard output, a line at a time. A closed pipe is an error to end on, never a panic.

use std::{
    fmt::Display,
    io::{self, Write},
};

/// Writes one line, at once.
pub(crate) fn line(text: impl Display) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}
