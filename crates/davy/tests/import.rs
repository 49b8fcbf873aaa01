//! A plant brings its past along.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

const DAY: &str = "\
time,tag,value,unit,quality
2026-03-01T00:00:00.000001Z,AT-0601/nh3,3.5,ppm,good
2026-03-01T00:00:01Z,AT-0601/nh3,,ppm,bad:stale
2026-03-01T00:00:02Z,AT-0601/nh3,4.5,,
";

fn davy(folder: &Path, more: &[&str]) -> (Option<i32>, Value, String) {
    davy_that_keeps(folder, "3650d", more)
}

fn davy_that_keeps(folder: &Path, kept: &str, more: &[&str]) -> (Option<i32>, Value, String) {
    let config = folder.join("davy.toml");
    let park = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/sample/park");
    let (data_dir, park) = (folder.display().to_string(), park.display().to_string());
    let text = format!("data_dir = {data_dir:?}\nsites = [{park:?}]\n[history]\nreadings = {kept:?}\n");
    fs::write(&config, text).expect("a configuration");
    let mut call = Command::new(env!("CARGO_BIN_EXE_davy"));
    call.arg("import").args(more).args(["--site", "park", "--json", "--config"]).arg(&config);
    let Output { status, stdout, stderr } = call.output().expect("davy runs");
    (
        status.code(),
        serde_json::from_slice(&stdout).unwrap_or_default(),
        String::from_utf8_lossy(&stderr).into_owned(),
    )
}

#[test]
fn a_file_brought_twice_is_there_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("day.csv");
    fs::write(&file, DAY).expect("a file");
    let file = file.display().to_string();
    let (code, told, errors) = davy(folder.path(), &[&file, "--dry-run"]);
    assert_eq!((code, &told["rows"], &told["new"]), (Some(0), &3.into(), &0.into()), "{errors}");
    assert!(!folder.path().join("history.db").exists(), "a dry run wrote");
    for (new, known) in [(3, 0), (0, 3)] {
        let (code, told, errors) = davy(folder.path(), &[&file]);
        assert_eq!((code, &told["new"], &told["known"]), (Some(0), &new.into(), &known.into()), "{errors}");
    }
}

#[test]
fn a_bad_line_is_told_by_its_place_and_costs_itself_alone() {
    for (line, reason) in [
        ("2026-03-01T00:00:03Z,nobody,1,ppm,good", "unknown tag"),
        ("yesterday,AT-0601/nh3,1,ppm,good", "bad time"),
        ("9000-03-01T00:00:03Z,AT-0601/nh3,1,ppm,good", "time in the future"),
        ("2026-03-01T00:00:03Z,AT-0601/nh3,much,ppm,good", "bad value"),
        ("2026-03-01T00:00:03Z,AT-0601/nh3,1,furlong,good", "unknown unit"),
        ("2026-03-01T00:00:03Z,AT-0601/nh3,1,kPa,good", "unit that cannot be converted"),
        ("2026-03-01T00:00:03Z,AT-0601/nh3,1,ppm,splendid", "bad quality"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("day.csv");
        fs::write(&file, format!("{DAY}{line}\n")).expect("a file");
        let (code, told, errors) = davy(folder.path(), &[&file.display().to_string()]);
        assert_eq!((code, &told["new"]), (Some(1), &3.into()), "{line}: {errors}");
        assert_eq!(told["by_reason"][reason], 1, "{line}: {told}");
        let shown = told["findings"][0].as_str().unwrap_or_default();
        assert!(shown.contains("day.csv:5: "), "{line}: {shown}");
    }
}

#[test]
fn a_site_that_is_not_there_is_a_configuration_to_mend() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("day.csv");
    fs::write(&file, DAY).expect("a file");
    let park = davy(folder.path(), &[&file.display().to_string()]);
    assert_eq!(park.0, Some(0), "{}", park.2);
    let config = folder.path().join("davy.toml");
    let mut call = Command::new(env!("CARGO_BIN_EXE_davy"));
    call.arg("import").arg(&file).args(["--site", "nowhere", "--config"]).arg(config);
    let out = call.output().expect("davy runs");
    assert_eq!(out.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&out.stderr).contains("it has: park"));
}

#[test]
fn what_is_older_than_history_keeps_is_counted_and_comes_in_when_it_keeps_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("old.csv");
    fs::write(&file, DAY.replace("2026-", "2020-")).expect("a file");
    let file = file.display().to_string();
    let (code, told, errors) = davy_that_keeps(folder.path(), "90d", &[&file]);
    assert_eq!((code, &told["new"], &told["too_old"]), (Some(1), &0.into(), &3.into()), "{errors}");
    let (code, told, errors) = davy_that_keeps(folder.path(), "3650d", &[&file]);
    assert_eq!((code, &told["new"], &told["too_old"]), (Some(0), &3.into(), &0.into()), "{errors}");
}
