//! The page of security controls names, for each, the tests that prove it. They are there.

use std::{collections::BTreeMap, fs};

use davy_tests::workspace;

const PAGE: &str = "docs/security/controls.md";

/// The rows of the tables with a test in their last column: the control, and that column.
fn rows(page: &str) -> Vec<(String, String)> {
    let rows = page.lines().filter(|line| line.starts_with('|') && line.matches('|').count() == 6);
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let controls = cells.filter(|cells| cells[1] != "Control" && !cells[1].starts_with("---"));
    controls.map(|cells| (cells[1].to_owned(), cells[5].to_owned())).collect()
}

/// `` `file`: `test`, `test`; `file`: `test` `` as pairs.
fn tests(cell: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for part in cell.split("; ") {
        let mut spans = part.split('`').skip(1).step_by(2).map(str::to_owned);
        let Some(file) = spans.next() else { continue };
        found.extend(spans.map(|test| (file.clone(), test)));
    }
    found
}

#[test]
fn every_control_names_a_test_and_every_test_is_there() {
    let page = fs::read_to_string(workspace().join(PAGE)).expect(PAGE);
    let (mut sources, mut wrong) = (BTreeMap::new(), Vec::new());
    let rows = rows(&page);
    assert!(
        rows.len() > 20,
        "only {} controls were found: the tables are not read as they are written",
        rows.len()
    );
    for (control, cell) in rows {
        let named = tests(&cell);
        if named.is_empty() {
            wrong.push(format!("{control}: no test"));
        }
        for (file, test) in named {
            let source: &mut String = sources
                .entry(file.clone())
                .or_insert_with(|| fs::read_to_string(workspace().join(&file)).unwrap_or_default());
            if !source.contains(&format!("fn {test}(")) {
                wrong.push(format!("{control}: {file} has no test {test}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{PAGE}:\n{}", wrong.join("\n"));
}
