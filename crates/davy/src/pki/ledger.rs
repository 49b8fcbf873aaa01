//! What the authority signed, one line a certificate: `issued.csv`.

use anyhow::{Context, anyhow};
use davy_model::Timestamp;

use super::folder::{Folder, LEDGER};

const HEAD: [&str; 6] = ["serial", "use", "name", "from", "until", "revoked"];

/// One certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Issued {
    /// Hex digits.
    pub(super) serial: String,
    /// `server` or `client`.
    pub(super) purpose: String,
    /// What it is called.
    pub(super) name: String,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) revoked: Option<Timestamp>,
}

/// All of them, the oldest first.
pub(super) fn read(folder: &Folder) -> anyhow::Result<Vec<Issued>> {
    let text = folder.read(LEDGER)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let path = folder.path(LEDGER);
    let mut issued = Vec::new();
    for row in reader.records() {
        let row = row.with_context(|| path.display().to_string())?;
        let line = row.position().map_or(0, csv::Position::line);
        let one = parse(&row).ok_or_else(|| {
            anyhow!(
                "{}, line {line}: not as davy pki writes it; the file is mended by hand or from a copy",
                path.display()
            )
        });
        issued.push(one?);
    }
    Ok(issued)
}

/// Writes all of them.
pub(super) fn write(folder: &Folder, issued: &[Issued]) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEAD)?;
    for one in issued {
        let (from, until) = (one.from.to_string(), one.until.to_string());
        let revoked = one.revoked.map(|at| at.to_string()).unwrap_or_default();
        writer.write_record([&one.serial, &one.purpose, &one.name, &from, &until, &revoked])?;
    }
    let text = String::from_utf8(writer.into_inner()?)?;
    folder.replace(LEDGER, &text)
}

fn parse(row: &csv::StringRecord) -> Option<Issued> {
    let field = |at: usize| row.get(at).map(str::to_owned);
    let serial = field(0)?;
    from_hex(&serial)?;
    let revoked = row.get(5)?;
    Some(Issued {
        serial,
        purpose: field(1)?,
        name: field(2)?,
        from: time(row.get(3)?)?,
        until: time(row.get(4)?)?,
        revoked: if revoked.is_empty() { None } else { Some(time(revoked)?) },
    })
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// The bytes of hex digits.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    (rest.is_empty() && !pairs.is_empty()).then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}
