//! What is kept in files: `tests/fuzz/corpus/TARGET/` to begin with, `tests/fuzz/regressions/TARGET/` never to fail again.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use davy_tests::workspace;

use super::Target;

/// The longest input kept by itself, bytes.
const KEPT_LEN_MAX: usize = 1024;
/// The most a target's corpus grows to, files.
const KEPT_MAX: usize = 60;

/// Good inputs and those that were worth keeping, in a fixed order.
pub(super) fn of(target: &Target) -> Vec<Vec<u8>> {
    let kept = files(&folder("corpus", target.name)).into_iter().map(|(_, bytes)| bytes);
    (target.seeds)().into_iter().chain(kept).collect()
}

/// Inputs that failed once, by the names of their files.
pub(super) fn regressions(target: &Target) -> Vec<(String, Vec<u8>)> {
    files(&folder("regressions", target.name))
}

/// Adds to the corpus the shortest of what was found, up to its bound.
pub(super) fn keep(target: &Target, found: &[Vec<u8>]) -> usize {
    let folder = folder("corpus", target.name);
    fs::create_dir_all(&folder).expect("the corpus has a folder");
    let mut found: Vec<_> = found.iter().filter(|input| input.len() <= KEPT_LEN_MAX).collect();
    found.sort_by_key(|input| (input.len(), *input));
    let room = KEPT_MAX.saturating_sub(files(&folder).len());
    // Not the shortest alone: those say least.
    let step = found.len().div_ceil(room.max(1)).max(1);
    let chosen = found.into_iter().step_by(step).take(room);
    chosen
        .map(|input| fs::write(folder.join(name_of(input)), input).expect("the corpus can be written"))
        .count()
}

/// A name that the bytes decide.
pub(super) fn name_of(bytes: &[u8]) -> String {
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Folders of inputs that belong to no target.
pub(crate) fn strays(targets: &[Target]) -> Vec<PathBuf> {
    let known: BTreeSet<&str> = targets.iter().map(|target| target.name).collect();
    let folders = ["corpus", "regressions"].map(|kind| workspace().join("tests/fuzz").join(kind));
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| !known.contains(&*path.file_name().unwrap_or_default().to_string_lossy()))
        .collect()
}

/// An input as text: what is not UTF-8 is replaced.
pub(crate) fn text(input: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(input)
}

fn folder(kind: &str, name: &str) -> PathBuf {
    workspace().join("tests/fuzz").join(kind).join(name)
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.path();
            let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (entry.file_name().to_string_lossy().into_owned(), bytes)
        })
        .collect();
    files.sort();
    files
}
