//! The pages of `docs/rules`: their rules compile, their tests pass, and their diagrams are what the engine does.
//!
//! `DAVY_WRITE_PAGES=1` writes what the engine does into the pages, for whoever changed a rule or a series there.

#![allow(clippy::disallowed_methods, reason = "a test reads and writes the pages")]

use std::{fmt::Write as _, fs, path::PathBuf, sync::Arc};

use davy_model::BundleFile;
use davy_rules::{bundle, compile};
use davy_workbench::rule_test::{self, TestReport};

const SITE_PAGE: &str = "README.md";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules")
}

fn pages() -> Vec<(String, String)> {
    let entries = fs::read_dir(folder()).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8"));
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".md") && name != SITE_PAGE).collect();
    names.sort();
    names.into_iter().map(|name| (name.clone(), text(&name))).collect()
}

fn text(page: &str) -> String {
    fs::read_to_string(folder().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

/// What stands in the fenced block that begins so, without the fences.
fn block<'a>(page: &str, text: &'a str, begins: &str) -> &'a str {
    let from = text.find(begins).unwrap_or_else(|| panic!("{page}: no block that begins with {begins:?}"));
    let from = from + begins.find('\n').map_or(0, |end| end + 1);
    let until = text[from..].find("\n```").unwrap_or_else(|| panic!("{page}: a block without an end"));
    &text[from..=from + until]
}

/// What came of the page's test, and the block of its diagram.
fn run(page: &str, text: &str) -> (TestReport, String) {
    let readme = self::text(SITE_PAGE);
    let file = |path: &str, text: &str| BundleFile { path: path.to_owned(), text: text.to_owned() };
    let files = vec![
        file("site.yaml", block(SITE_PAGE, &readme, "```yaml\n")),
        file("tags.csv", block(SITE_PAGE, &readme, "```csv\n")),
        file("rules/r.yaml", block(page, text, "```yaml\nrules:").trim_start_matches("```yaml\n")),
    ];
    let bundle = Arc::new(bundle(files).unwrap_or_else(|found| panic!("{page}\n{found:#?}")));
    let plan = Arc::new(compile(&bundle).unwrap_or_else(|found| panic!("{page}\n{found:#?}")));
    let (tests, found) = rule_test::read(&plan, page, block(page, text, "```yaml\ntests:"));
    assert!(found.is_empty() && tests.len() == 1, "{page}: {found:#?}");
    let report = rule_test::run(&bundle, &plan, &tests[0]).expect("it runs");
    let diagram = rule_test::diagram(&plan, &tests[0], &report);
    (report, diagram)
}

/// The page with what the engine does in it.
fn written(page: &str, text: &str) -> String {
    let (report, diagram) = run(page, text);
    let mut expect = String::from("    expect:\n");
    for told in &report.happened {
        let (at, kind, tier, alarm) = (told.at, told.kind, told.tier, &told.alarm);
        writeln!(expect, "      - {{at: {at}, transition: {kind}, tier: {tier}, alarm: \"{alarm}\"}}")
            .expect("a string");
    }
    let test = block(page, text, "```yaml\ntests:");
    let before = test.find("    expect:").unwrap_or_else(|| panic!("{page}: a test without expect"));
    let text = text.replace(test, &(test[..before].to_owned() + &expect));
    let old = block(page, &text, "```text\n").to_owned();
    text.replace(&format!("```text\n{old}"), &format!("```text\n{diagram}"))
}

#[test]
fn every_page_is_what_the_engine_does() {
    let write = std::env::var_os("DAVY_WRITE_PAGES").is_some();
    let pages = pages();
    assert!(!pages.is_empty(), "no page was found");
    for (page, text) in pages {
        if write {
            fs::write(folder().join(&page), written(&page, &text)).expect("it is written");
            continue;
        }
        let (report, diagram) = run(&page, &text);
        assert!(report.passed(), "{page}: {:#?}", report.differences);
        assert!(!report.happened.is_empty(), "{page}: nothing happens in it");
        assert_eq!(
            block(&page, &text, "```text\n"),
            diagram,
            "{page}: write it anew with DAVY_WRITE_PAGES=1"
        );
    }
}

#[test]
fn the_index_names_every_page() {
    let index = text(SITE_PAGE);
    for (page, _) in pages() {
        assert!(index.contains(&format!("]({page})")), "{page} is not in the index");
    }
}
