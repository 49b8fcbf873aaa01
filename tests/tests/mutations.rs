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
