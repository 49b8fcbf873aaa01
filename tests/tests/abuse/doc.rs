//! What `docs/security/abuse.md` says was tried, was.

use std::fs;

use davy_tests::{
    abuse::{grpc, mqtt, web},
    workspace,
};

#[test]
fn the_page_has_the_figures_of_the_tables() {
    let page = fs::read_to_string(workspace().join("docs/security/abuse.md")).expect("the page");
    for (group, cases) in [
        ("mqtt", mqtt::cases().len()),
        ("mqtt/floods", mqtt::FLOODS.len()),
        ("grpc", grpc::cases().len()),
        ("grpc/floods", grpc::FLOODS.len()),
        ("web", web::cases().len()),
        ("web/floods", web::FLOODS.len()),
        ("web/sessions", web::STORIES.len()),
    ] {
        let row = format!("| `{group}` | {cases} |");
        assert!(page.contains(&row), "the row begins so: {row}");
    }
}
