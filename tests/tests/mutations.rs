//! The patches that break Davy on purpose still apply, so that `tests/mutations/run` goes on proving that tests see them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn patches() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("tests/mutations")).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("an entry reads").path());
    let mut patches: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|ext| ext == "patch")).collect();
    patches.sort();
    patches
}

#[test]
fn every_patch_applies_and_names_the_test_that_must_fail() {
    let patches = patches();
    assert!(patches.len() >= 5, "{patches:?}");
    for patch in patches {
        let text = fs::read_to_string(&patch).expect("a patch reads");
        let expect = text.lines().find_map(|line| line.strip_prefix("expect: "));
        assert!(expect.is_some_and(|command| command.contains("cargo test")), "{}", patch.display());
        let applied = Command::new("git").current_dir(root()).args(["apply", "--check"]).arg(&patch).output();
        let applied = applied.expect("git is there");
        assert!(
            applied.status.success(),
            "{}: {}",
            patch.display(),
            String::from_utf8_lossy(&applied.stderr)
        );
    }
}

/// A line of the table of `tests/mutations/kinds`: kind, file, what stands there, what breaks it. A bar of the code is `\|`.
fn cells(line: &str) -> Vec<String> {
    let whole = line.replace("\\|", "\0");
    whole.split('|').map(|cell| cell.trim().replace('\0', "|")).collect()
}

#[test]
fn every_mutation_of_a_rule_kind_still_has_its_place_and_every_kind_has_three() {
    let table = fs::read_to_string(root().join("tests/mutations/kinds/table.txt")).expect("the table reads");
    let mut kinds = std::collections::BTreeMap::new();
    for line in table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let cells = cells(line);
        let [kind, file, old, new] = &cells[..] else { panic!("not four cells: {line}") };
        let text = fs::read_to_string(root().join("crates").join(file)).expect("its file reads");
        assert_eq!(
            text.matches(old.as_str()).count(),
            1,
            "what is to be broken does not stand there once: {line}"
        );
        assert_ne!(old, new, "it breaks nothing: {line}");
        *kinds.entry(kind.clone()).or_insert(0) += 1;
    }
    let calculated = fs::read_dir(root().join("crates/rules/src/kinds")).expect("the folder is there");
    let names =
        calculated.map(|entry| entry.expect("an entry reads").file_name().into_string().expect("ASCII"));
    let shared = ["mod", "group", "beside", "standard"];
    for kind in names.filter_map(|name| name.strip_suffix(".rs").map(str::to_owned)) {
        let count = kinds.get(&kind).copied().unwrap_or(0);
        assert!(shared.contains(&kind.as_str()) || count >= 3, "{kind} has {count} mutations");
    }
}
