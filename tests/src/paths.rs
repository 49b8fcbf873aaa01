//! Where things are.

use std::{
    env,
    path::{Path, PathBuf},
};

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in the workspace").to_owned()
}

/// The `davy` to test: `DAVY_BIN`, or the one built beside this test or bench. `cargo test -p davy -p davy-tests` builds both;
/// with `--test NAME` cargo builds that test alone, and the binary stays as it was.
///
/// # Panics
/// When there is none.
pub fn davy_binary() -> PathBuf {
    if let Some(path) = env::var_os("DAVY_BIN") {
        return path.into();
    }
    let own = env::current_exe().expect("a test has a path");
    // A bench is built in target/PROFILE, as davy is; a test in deps below it.
    let mut places = own.ancestors().skip(1).take(2).map(|folder| folder.join("davy"));
    places.find(|found| found.is_file()).unwrap_or_else(|| {
        panic!("no davy beside {}: try cargo build -p davy, or name one by DAVY_BIN", own.display())
    })
}

/// Whether nothing may be skipped for want of a tool or of data: so in CI.
pub fn must_have_everything() -> bool {
    env::var("CI").is_ok_and(|ci| ci == "true")
}

/// A file of the shared data: below `DAVY_SHARED`, or beside the workspace. `None`, said aloud, where it is not.
///
/// # Panics
/// In CI, where it must be there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = env::var_os("DAVY_SHARED").map_or_else(|| workspace().join("../shared"), PathBuf::from);
    let found = root.join(path);
    if found.exists() {
        return Some(found);
    }
    skipped(&format!("no {}", found.display()));
    None
}

/// A Python with what `tests/requirements.txt` lists: `DAVY_PYTHON`, or the one `tests/run` installs. `None`, said
/// aloud, where there is none.
///
/// # Panics
/// In CI, where it must be there.
pub fn python() -> Option<PathBuf> {
    let usual = || workspace().join("target/python/bin/python3");
    installed(env::var_os("DAVY_PYTHON").map_or_else(usual, PathBuf::from))
}

/// `buf`, as `tests/package.json` names it. `None`, said aloud, where it is not installed.
///
/// # Panics
/// In CI, where it must be there.
pub fn buf() -> Option<PathBuf> {
    installed(workspace().join("tests/node_modules/.bin/buf"))
}

/// A tool for cargo that `tests/run` builds. `None`, said aloud, where it is not installed.
///
/// # Panics
/// In CI, where it must be there.
pub fn cargo_tool(name: &str) -> Option<PathBuf> {
    let folder =
        env::var_os("DAVY_TOOLS").map_or_else(|| workspace().join("target/tools/bin"), PathBuf::from);
    installed(folder.join(name))
}

fn installed(path: PathBuf) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    skipped(&format!("no {}: tests/run installs it", path.display()));
    None
}

/// Says that a test is not done.
///
/// # Panics
/// In CI.
pub fn skipped(why: &str) {
    assert!(!must_have_everything(), "CI must not skip: {why}");
    println!("skipped: {why}");
}
