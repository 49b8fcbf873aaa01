//! The reference names every code that can be told.

use std::{fs, path::Path};

use davy_rules::Code;

#[test]
fn every_code_has_a_cause_and_a_fix_in_the_reference() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    let read = |name: &str| fs::read_to_string(docs.join(name)).expect("the reference is there");
    let text = read("site-files.md") + &read("rules.md") + &read("rule-tests.md");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
    for code in Code::ALL {
        let word = format!("`{code}`");
        assert!(
            rows.iter().any(|row| row.split('|').nth(1).is_some_and(|cell| cell.contains(&word))),
            "{code}"
        );
    }
}
