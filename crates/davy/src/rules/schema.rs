//! `davy rules schema`.

use clap::ValueEnum;
use davy_rules::schema;
use davy_workbench::rule_test;

use crate::{exit::Exit, out};

/// Of which files.
#[derive(Debug, clap::Args)]
pub(crate) struct SchemaArgs {
    /// Of which files
    #[arg(long, value_enum, default_value_t = Kind::Rules)]
    kind: Kind,
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// rules/*.yaml
    Rules,
    /// site.yaml
    Site,
    /// tests/*.yaml
    Tests,
}

/// Does it.
pub(crate) fn run(args: &SchemaArgs) -> anyhow::Result<Exit> {
    let schema = match args.kind {
        Kind::Rules => schema::rules(),
        Kind::Site => schema::site(),
        Kind::Tests => rule_test::schema(),
    };
    out::line(serde_json::to_string_pretty(&schema)?)?;
    Ok(Exit::Ok)
}
