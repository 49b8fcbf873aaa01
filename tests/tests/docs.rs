//! The pages say what is: every path and link in them exists, and every code they name has its page.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use davy_model::Reason;
use davy_tests::workspace;

/// The pages people read: those at the root, and all of `docs`.
fn pages() -> Vec<PathBuf> {
    let mut found = Vec::new();
    gather(&workspace().join("docs"), &mut found);
    for entry in fs::read_dir(workspace()).expect("the workspace is there") {
        let path = entry.expect("readable").path();
        if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn gather(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            gather(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "md") {
            found.push(path);
        }
    }
}

/// The files and folders that stand at the root: what begins with one of them is a path of ours.
fn roots() -> BTreeSet<String> {
    ["crates", "proto", "simulators", "tests", "benches", "deploy", "docs", ".ci"].map(str::to_owned).into()
}

/// Paths between backquotes: those that begin at the root, without a place to fill in. With a line behind it is something
/// that a program printed, about files of its reader.
fn paths(text: &str, roots: &BTreeSet<String>) -> Vec<String> {
    let spans = text.split('`').skip(1).step_by(2);
    let words = spans.flat_map(str::split_whitespace).map(|word| word.trim_start_matches("./"));
    let ours = words.filter(|word| word.split_once('/').is_some_and(|(first, _)| roots.contains(first)));
    ours.filter(|word| !word.contains(['*', '{', '<', '…', ':'])).map(str::to_owned).collect()
}

/// Where the links of a page lead, on this disk.
fn links(text: &str) -> Vec<String> {
    let targets = text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
    let here = targets.filter(|target| !target.contains("://") && !target.starts_with(['#', ' ']));
    here.map(|target| target.split('#').next().unwrap_or(target).to_owned()).collect()
}

#[test]
fn every_path_and_every_link_in_the_pages_is_there() {
    let (root, roots) = (workspace(), roots());
    let (mut dead, mut looked_at) = (Vec::new(), 0);
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        let beside = page.parent().expect("a page is in a folder");
        let named = paths(&text, &roots).into_iter().map(|path| (root.join(&path), path));
        let linked = links(&text).into_iter().map(|target| (beside.join(&target), target));
        for (place, name) in named.chain(linked) {
            looked_at += 1;
            if !place.exists() {
                let page = page.strip_prefix(&root).unwrap_or(&page);
                dead.push(format!("{}: {name}", page.display()));
            }
        }
    }
    assert!(dead.is_empty(), "named, and not there:\n{}", dead.join("\n"));
    assert!(
        looked_at > 50,
        "only {looked_at} paths were found in the pages: they are not looked for as they are written"
    );
}

#[test]
fn every_test_the_pages_name_as_a_guard_is_one() {
    let mut missing = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).expect("read before");
        // "`some_test` in `crates/x/tests/y.rs`"
        for (at, _) in text.match_indices("` in `") {
            let name = text[..at].rsplit('`').next().unwrap_or_default();
            let file = text[at + "` in `".len()..].split('`').next().unwrap_or_default();
            let is_test = name.contains('_') && file.ends_with(".rs");
            let body = fs::read_to_string(workspace().join(file)).unwrap_or_default();
            if is_test && !body.contains(name) {
                missing.push(format!("{}: {name} in {file}", page.display()));
            }
        }
    }
    assert!(missing.is_empty(), "named, and not there:\n{}", missing.join("\n"));
}

#[test]
fn every_reason_a_sender_can_be_told_has_its_page() {
    for reason in Reason::ALL {
        let page = workspace().join(format!("docs/errors/{}.md", reason.word()));
        assert!(page.is_file(), "no page for {reason}");
    }
}
