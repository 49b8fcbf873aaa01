//! What a newcomer copies from, in the samples and in the pages, is what the schema lets through.

use std::{
    fs,
    path::{Path, PathBuf},
};

use davy_rules::schema;
use serde_json::{Map, Value};

use super::{editor, refused, validator, yaml};

/// Keys by which a text is known to be a site's.
const OF_SITES: [&str; 9] =
    ["site", "packs", "sources", "desks", "annunciation", "areas", "edge_nodes", "devices", "hazard_sources"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every file below a folder with one of these endings.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("an entry reads").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|own| own == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_samples_are_let_through() {
    let (rules, site) = (validator(&schema::rules()), validator(&schema::site()));
    let mut seen = 0;
    for path in files(&root().join("deploy/sample"), "yaml") {
        let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
        let schema = match () {
            () if folder == "rules" => &rules,
            () if path.ends_with("site.yaml") => &site,
            () => continue,
        };
        assert_eq!(refused(schema, &yaml(&read(&path))), [""; 0], "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 11, "only {seen} files");
}

/// The blocks of a page, and the files that its commands write.
fn blocks(page: &str) -> Vec<&str> {
    let fenced = page.split("```").skip(1).step_by(2).filter_map(|block| Some(block.split_once('\n')?.1));
    let written = page.split("<<'END'\n").skip(1).filter_map(|rest| Some(rest.split_once("\nEND\n")?.0));
    fenced.chain(written).collect()
}

/// The map that a block is, if it is one.
fn map(block: &str) -> Option<Map<String, Value>> {
    editor::parse(block)?.as_object().cloned()
}

#[test]
fn what_the_pages_show_is_let_through() {
    let (rules, site) = (validator(&schema::rules()), validator(&schema::site()));
    let (mut of_rules, mut of_sites) = (0, 0);
    for page in files(&root().join("docs"), "md") {
        for mut map in blocks(&read(&page)).into_iter().filter_map(map) {
            let schema = if map.get("rules").is_some_and(Value::is_array) {
                of_rules += 1;
                &rules
            } else if map.keys().all(|key| OF_SITES.contains(&key.as_str()) || key == "title") {
                of_sites += 1;
                // A part of a site is shown without its name.
                map.entry("site").or_insert_with(|| "park".into());
                &site
            } else {
                continue;
            };
            assert_eq!(refused(schema, &map.into()), [""; 0], "{}", page.display());
        }
    }
    assert!(of_rules >= 4 && of_sites >= 8, "only {of_rules} blocks of rules, {of_sites} of sites");
}
