//! `davy journal export`.

use std::{
    io::{self, BufWriter, Write},
    path::PathBuf,
};

use anyhow::Context;
use davy_journal::export;

use crate::exit::Exit;

/// Which journal, and from where.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A journal file, or a data folder with one journal
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// From this commit on; all that is kept when it is not given
    #[arg(long, value_name = "N")]
    from: Option<u64>,
}

/// Writes it out.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let journal = super::find_one(&args.path)?;
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let exported = export(&journal, args.from, &mut out);
    // What was written until an error stands.
    out.flush()?;
    exported.with_context(|| format!("exporting {}", journal.display()))?;
    Ok(Exit::Ok)
}
