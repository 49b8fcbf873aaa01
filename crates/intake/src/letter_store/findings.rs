//! What is wrong with a letter, as a cell of the file: a JSON array of arrays, so that any tool can read it.

use davy_codec::{Position, Rejection};
use davy_model::Reason;

/// Code, readings, pointer, got, expected, fix; line, column and offset where the payload stopped making sense.
type Cell = (String, u32, String, String, String, String, Option<(usize, usize, usize)>);

/// The cell.
pub(super) fn to_cell(findings: &[Rejection]) -> String {
    let cell = |finding: &Rejection| -> Cell {
        let Rejection { reason, pointer, got, expected, fix, position, readings } = finding.clone();
        let position = position.map(|Position { line, column, offset }| (line, column, offset));
        (reason.word().to_owned(), readings, pointer, got, expected, fix, position)
    };
    let cells: Vec<Cell> = findings.iter().map(cell).collect();
    serde_json::to_string(&cells).expect("texts and numbers are always JSON")
}

/// What a cell says, and how many findings have a code that this release does not know.
///
/// # Errors
/// When it is no such cell.
pub(super) fn of_cell(cell: &str) -> Result<(Vec<Rejection>, u32), serde_json::Error> {
    let cells: Vec<Cell> = serde_json::from_str(cell)?;
    let all = cells.len();
    let finding = |(word, readings, pointer, got, expected, fix, position): Cell| {
        let position = position.map(|(line, column, offset)| Position { line, column, offset });
        let reason = Reason::from_word(&word)?;
        Some(Rejection { reason, pointer, got, expected, fix, position, readings })
    };
    let findings: Vec<Rejection> = cells.into_iter().filter_map(finding).collect();
    let unknown = u32::try_from(all - findings.len()).unwrap_or(u32::MAX);
    Ok((findings, unknown))
}
