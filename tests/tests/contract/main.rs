//! The contract is well formed, and what was released of it still holds.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use davy_tests::{buf, workspace};
use tempfile::TempDir;

/// The contract as it was released last; made by `buf build --as-file-descriptor-set --exclude-source-info`. It is replaced
/// with each release, and at no other time. Until the first there is the one that is to become it.
fn released() -> PathBuf {
    workspace().join("tests/tests/contract/released.binpb")
}

/// `buf` at work on a folder of `.proto` files; `None` where it is not installed.
fn run(folder: &Path, words: &[&str]) -> Option<Output> {
    let mut command = Command::new(buf()?);
    let said = command.current_dir(folder).args(words).output();
    Some(said.expect("buf runs"))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

fn breaking(folder: &Path) -> Option<Output> {
    let released = released();
    run(folder, &["breaking", "--against", released.to_str().expect("a path of letters")])
}

/// A contract of one's own, to break.
fn copy() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    let from = workspace().join("proto");
    fs::copy(from.join("buf.yaml"), folder.path().join("buf.yaml")).expect("copied");
    fs::create_dir_all(folder.path().join("davy/v1")).expect("made");
    for entry in fs::read_dir(from.join("davy/v1")).expect("readable") {
        let path = entry.expect("readable").path();
        let name = path.file_name().expect("a name");
        fs::copy(&path, folder.path().join("davy/v1").join(name)).expect("copied");
    }
    folder
}

/// Writes `to` in the place of the one `from` of a file.
fn change(folder: &TempDir, file: &str, from: &str, to: &str) {
    let path = folder.path().join("davy/v1").join(file);
    let text = fs::read_to_string(&path).expect("readable");
    assert_eq!(text.matches(from).count(), 1, "{file} has {from:?} once");
    fs::write(&path, text.replace(from, to)).expect("written");
}

#[test]
fn the_contract_is_formed_as_buf_asks_and_every_part_has_a_comment() {
    let Some(output) = run(&workspace().join("proto"), &["lint"]) else { return };
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn nothing_that_was_released_is_broken() {
    let Some(output) = breaking(&workspace().join("proto")) else { return };
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn whoever_breaks_the_contract_is_told() {
    let cases = [
        ("alert.proto", "uint64 sequence = 1;", "uint64 sequence = 1001;", "sequence"),
        ("alert.proto", "bool durable = 20;", "string durable = 20;", "durable"),
        ("tier.proto", "TIER_RED = 4;", "TIER_SCARLET = 4;", "TIER_RED"),
        ("alarm_service.proto", "rpc Explain(", "rpc Why(", "Explain"),
    ];
    for (file, from, to, named) in cases {
        let folder = copy();
        change(&folder, file, from, to);
        let Some(output) = breaking(folder.path()) else { return };
        assert!(!output.status.success() && said(&output).contains(named), "{to}: {}", said(&output));
    }
}
