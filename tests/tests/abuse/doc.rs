//! What `docs/security/abuse.md` says was tried, was.

use std::fs;

use davy_tests::{abuse::mqtt, workspace};

#[test]
fn the_page_has_the_figures_of_the_tables() {
    let page = fs::read_to_string(workspace().join("docs/security/abuse.md")).expect("the page");
    for (group, cases) in [("mqtt", mqtt::cases().len()), ("mqtt/floods", mqtt::FLOODS.len())] {
        let row = format!("| `{group}` | {cases} |");
        assert!(page.contains(&row), "the row begins so: {row}");
    }
}
