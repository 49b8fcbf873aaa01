//! Verbs that need no running Davy, called as a shell calls them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::Value;

fn davy(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_davy"))
        .args(args)
        .env_remove("DAVY_SERVER")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the binary runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn lines(output: &Output) -> Vec<Value> {
    stdout(output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect()
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it was not killed")
}

fn sample(site: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/sample").join(site)
}

/// A copy of the sample's park, to spoil.
fn park() -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a folder");
    fs::create_dir(copy.path().join("rules")).expect("a folder");
    for path in ["site.yaml", "tags.csv", "rules/gas.yaml", "rules/stale.yaml", "rules/tanks.yaml"] {
        fs::copy(sample("park").join(path), copy.path().join(path)).expect(path);
    }
    copy
}

fn spoil(site: &Path, file: &str, from: &str, to: &str) {
    let path = site.join(file);
    let text = fs::read_to_string(&path).expect(file);
    assert!(text.contains(from), "{from} is not in {file}");
    fs::write(path, text.replacen(from, to, 1)).expect(file);
}

#[test]
fn the_version_is_told_to_people_and_to_programs() {
    let plain = davy(&["version"]);
    assert_eq!((code(&plain), stdout(&plain)), (0, format!("davy {}\n", env!("CARGO_PKG_VERSION"))));
    let told = lines(&davy(&["version", "--json"]));
    assert_eq!(told[0]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn a_call_that_makes_no_sense_is_usage() {
    for call in
        [&["alarm"][..], &["alarms", "ack"], &["demo", "--for", "soon"], &["demo", "--http", "0.0.0.0:1"]]
    {
        let output = davy(call);
        assert_eq!(code(&output), 2, "{call:?}");
        assert!(!stderr(&output).is_empty(), "{call:?}");
    }
}

#[test]
fn every_error_of_a_configuration_is_told_at_once_with_exit_code_78() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("davy.toml");
    fs::write(&file, "sites = []\n[http]\nlisten = \"0.0.0.0:8080\"\n[door]\nlisten = \"here\"\n")
        .expect("written");
    let file = file.display().to_string();
    let output = davy(&["check-config", "--config", &file]);
    assert_eq!(code(&output), 78, "{}", stderr(&output));
    for place in ["sites", "http.listen", "door.listen"] {
        assert!(stderr(&output).contains(place), "{place} is not in\n{}", stderr(&output));
    }
    assert!(lines(&davy(&["check-config", "--config", &file, "--json"])).len() >= 3);
    assert_eq!(code(&davy(&["serve", "--config", &file])), 78);
}

#[test]
fn a_configuration_that_is_not_there_or_has_a_wrong_key_is_refused() {
    let output = davy(&["check-config", "--config", "no-such.toml"]);
    assert_eq!(code(&output), 78);
    assert!(stderr(&output).contains("no-such.toml"), "{}", stderr(&output));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("davy.toml");
    fs::write(&file, "data_dri = \"data\"\n").expect("written");
    let output = davy(&["check-config", "--config", &file.display().to_string()]);
    assert_eq!(code(&output), 78);
    assert!(stderr(&output).contains("data_dir"), "{}", stderr(&output));
}

#[test]
fn a_site_with_errors_is_refused_with_all_of_them() {
    let site = park();
    spoil(site.path(), "rules/gas.yaml", "tier: orange", "tier: orangutan");
    spoil(site.path(), "tags.csv", "gas.h2s,ppm", "gas.h2s,ppmm");
    let folder = site.path().display().to_string();
    let output = davy(&["check-config", "--site", &folder]);
    assert_eq!(code(&output), 78);
    for word in ["rules/gas.yaml", "orangutan", "tags.csv", "ppmm"] {
        assert!(stderr(&output).contains(word), "{word} is not in\n{}", stderr(&output));
    }
}

#[test]
fn a_sound_configuration_shows_what_it_amounts_to() {
    let folders = ["gas", "mine", "park"].map(|site| sample(site).display().to_string());
    let output = davy(&[
        "check-config",
        "--site",
        &folders[0],
        "--site",
        &folders[1],
        "--site",
        &folders[2],
        "--json",
    ]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let sites: Vec<Value> = lines(&output).iter().map(|site| site["site"].clone()).collect();
    assert_eq!(sites, ["gas", "mine", "park"]);
}

#[test]
fn rules_are_checked_with_places_an_editor_can_jump_to() {
    let clean = davy(&["rules", "check", &sample("").display().to_string()]);
    assert_eq!(code(&clean), 0, "{}", stdout(&clean));
    assert!(stdout(&clean).contains("park: "), "{}", stdout(&clean));

    let site = park();
    spoil(site.path(), "rules/gas.yaml", "7.05 ppm", "7.05 kPa");
    let folder = site.path().display().to_string();
    let output = davy(&["rules", "check", &folder]);
    assert_eq!(code(&output), 1);
    assert!(stdout(&output).contains(&format!("error: {folder}/rules/gas.yaml:7:")), "{}", stdout(&output));
    let found = lines(&davy(&["rules", "check", &folder, "--json"]));
    assert_eq!((&found[0]["code"], &found[0]["line"]), (&"UNIT_MISMATCH".into(), &7.into()));

    assert_eq!(code(&davy(&["rules", "check", "no-such-folder"])), 2);
}

#[test]
fn sources_and_mappings_are_checked_as_rules_are() {
    for (source, mapping, told) in [
        ("{mapping: thingsbord-device}", None, "MAPPING_UNKNOWN"),
        ("{mapping: mine, edge_node: gw-1}", Some("topic: a/#/b\n"), "MAPPING_INVALID"),
        ("{mapping: thingsboard-device, topic: 'a{b'}", None, "TOPIC_INVALID"),
    ] {
        let site = park();
        let file = site.path().join("site.yaml");
        let text = fs::read_to_string(&file).expect("a site file");
        fs::write(&file, format!("{text}\nsources:\n  - {source}\n")).expect("written");
        if let Some(mapping) = mapping {
            fs::create_dir(site.path().join("mappings")).expect("a folder");
            fs::write(site.path().join("mappings/mine.yaml"), mapping).expect("written");
        }
        let output = davy(&["rules", "check", &site.path().display().to_string(), "--json"]);
        assert_eq!(code(&output), 1, "{source}: {}", stdout(&output));
        assert_eq!(lines(&output)[0]["code"], told, "{source}");
    }
}

#[test]
fn the_tags_of_a_site_are_listed() {
    let output = davy(&["tags", "list", &sample("park").display().to_string(), "--json"]);
    let tags = lines(&output);
    let tag = tags.iter().find(|tag| tag["tag"] == "AT-0412/h2s").expect("the tag that everything names");
    assert_eq!((&tag["unit"], &tag["edge_node"]), (&"ppm".into(), &"gw-1".into()));
    let table = davy(&["tags", "list", &sample("park").display().to_string()]);
    assert!(!stdout(&table).contains('\u{1b}'), "no colour where there is no terminal");
}

#[test]
fn a_payload_is_read_as_davy_would_read_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("payload.json");
    let park = sample("park").display().to_string();
    let check = |payload: &str| {
        fs::write(&file, payload).expect("written");
        davy(&["payload", "check", &file.display().to_string(), "--site", &park, "--json"])
    };
    let good = check(r#"{"seq": 1, "readings": [{"tag": "AT-0412/h2s", "value": 12.4, "unit": "mg/m3"}]}"#);
    assert_eq!(code(&good), 0, "{}", stdout(&good));
    for (payload, expected) in [
        (r#"{"readings": [{"tag": "AT-0412/h2x", "value": 1}]}"#, "POINT_UNKNOWN"),
        (r#"{"readings": [{"tag": "AT-0412/h2s", "value": 1, "unit": "kPa"}]}"#, "UNIT_MISMATCH"),
        (r#"{"readings": [{"tag": "AT-0412/h2s", "value": 1, "unit": "smoots"}]}"#, "UNIT_UNKNOWN"),
    ] {
        let output = check(payload);
        assert_eq!(code(&output), 1, "{payload}");
        assert_eq!(lines(&output)[0]["code"], expected, "{payload}");
    }
}

/// Writes a payload and checks it with these arguments.
fn check_payload(payload: &[u8], args: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("payload");
    fs::write(&file, payload).expect("written");
    let file = file.display().to_string();
    davy(&[&["payload", "check", &file], args].concat())
}

#[test]
fn a_payload_shows_its_readings_and_what_the_rules_would_say() {
    let park = sample("park").display().to_string();
    let payload = br#"{"ts": 1795420800000, "values": {"AT-0412/h2s": 12.4}}"#;
    let at = "2026-11-23T08:00:01Z";
    let output = check_payload(payload, &["--site", &park, "--edge-node", "gw-1", "--at", at]);
    let told = stdout(&output);
    assert_eq!(code(&output), 0, "{told}");
    assert!(told.contains("/values/AT-0412~1h2s") && told.contains("2026-11-23T08:00:00"), "{told}");
    assert!(told.contains("past "), "{told}");
    assert!(told.ends_with("JSON: 1 good readings, 0 problems\n"), "{told}");
    let bad =
        check_payload(br#"{"tag": "AT-0412/h2s", "value": 12.4, "quality": "bad"}"#, &["--site", &park]);
    assert!(stdout(&bad).contains("no evidence"), "{}", stdout(&bad));
}

#[test]
fn what_is_wrong_is_pointed_at_and_corrected_where_there_is_no_doubt() {
    for (payload, carets, corrected) in [
        (
            r#"{"tag": "a", "value": "12.4"}"#,
            r#"                     ^^^^^^"#,
            r#"{"tag": "a", "value": 12.4}"#,
        ),
        (
            r#"{"ts": 1795420800, "values": {"a": 1}}"#,
            "           ^^^^^^^^^^",
            r#"{"ts": 1795420800000, "values": {"a": 1}}"#,
        ),
        (r#"{"name": "a", "value": 1}"#, "", r#"{"tag": "a", "value": 1}"#),
    ] {
        let output = check_payload(payload.as_bytes(), &[]);
        let told = stdout(&output);
        assert_eq!(code(&output), 1, "{told}");
        assert!(told.contains(&format!("corrected payload:\n{corrected}\n")), "{told}");
        assert!(told.contains(carets), "{told}");
    }
    let cut = check_payload(br#"{"values": {"a": 1, "b": ]"#, &[]);
    assert!(stdout(&cut).contains("^") && !stdout(&cut).contains("corrected"), "{}", stdout(&cut));
}

#[test]
fn a_vendors_payload_is_read_by_a_mapping_that_ships_or_by_a_file() {
    let payload = br#"{"Time":"2017-09-20T11:53:09","Temperature":24.0,"TempUnit":"C"}"#;
    let output =
        check_payload(payload, &["--mapping", "tasmota-sensor", "--topic", "tele/sc/SENSOR", "--json"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let reading = &lines(&output)[0];
    assert_eq!(reading["name"], "sc/Temperature");
    assert_eq!((&reading["value"], &reading["unit"]), (&24.0.into(), &"degC".into()));
    assert_eq!(reading["time"], "2017-09-20T03:53:09.000000Z");
    let elsewhere = check_payload(payload, &["--mapping", "tasmota-sensor", "--topic", "x"]);
    assert!(stderr(&elsewhere).contains("does not fit"), "{}", stderr(&elsewhere));
    let heartbeat = check_payload(b"{}", &["--mapping", "neuron-heartbeat"]);
    assert!(stdout(&heartbeat).contains("no readings in it"), "{}", stdout(&heartbeat));
    assert_eq!(code(&check_payload(payload, &["--mapping", "tasmoto"])), 2);

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mine.yaml");
    fs::write(&file, "readings: [{value: Temperature, tag: t}]\ntopc: x").expect("written");
    let mistaken = check_payload(payload, &["--mapping", &file.display().to_string()]);
    assert_eq!(code(&mistaken), 1);
    assert!(
        stderr(&mistaken).contains("mine.yaml:2:1: topc") && stderr(&mistaken).contains("topic"),
        "{}",
        stderr(&mistaken)
    );
    fs::write(&file, "readings: [{value: Temperature, tag: t}]").expect("written");
    let mended = check_payload(payload, &["--mapping", &file.display().to_string(), "--json"]);
    assert_eq!(lines(&mended)[0]["name"], "t", "{}", stderr(&mended));
}

#[test]
fn the_mappings_that_ship_can_be_listed_and_copied() {
    let listed = davy(&["payload", "mappings"]);
    assert!(stdout(&listed).contains("tasmota-sensor") && code(&listed) == 0, "{}", stdout(&listed));
    let shown = davy(&["payload", "mappings", "show", "tasmota-sensor"]);
    assert!(stdout(&shown).contains("topic: tele/{device}/SENSOR"), "{}", stdout(&shown));
    assert_eq!(code(&davy(&["payload", "mappings", "show", "none-such"])), 2);
}

#[test]
fn a_journal_that_is_not_there_is_said_in_words() {
    for verb in ["verify", "export", "replay"] {
        let output = davy(&["journal", verb, "no-such.sqlite"]);
        assert_eq!(code(&output), 2, "{verb}");
        assert!(stderr(&output).contains("no-such.sqlite: no such file"), "{verb}: {}", stderr(&output));
    }
    let empty = tempfile::tempdir().expect("a folder");
    assert_eq!(code(&davy(&["journal", "verify", &empty.path().display().to_string()])), 2);
}

#[test]
fn a_file_that_is_no_journal_is_a_finding() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("park.sqlite"), vec![7_u8; 8192]).expect("written");
    let output = davy(&["journal", "verify", &folder.path().display().to_string(), "--json"]);
    assert_eq!(code(&output), 1, "{}", stderr(&output));
    assert_eq!(lines(&output)[0]["whole"], false);
}

#[test]
fn a_server_that_is_not_there_is_said_with_what_to_try() {
    let output = davy(&["alarms", "list", "--server", "http://127.0.0.1:1"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("davy serve"), "{}", stderr(&output));
}

#[test]
fn a_replay_without_its_map_is_said_in_words() {
    let output = davy(&["replay", "rows.csv", "--map", "no-map.yaml"]);
    assert_eq!(code(&output), 1);
    assert!(stderr(&output).contains("no-map.yaml"), "{}", stderr(&output));
    assert_eq!(code(&davy(&["replay", "rows.csv", "--map", "m.yaml", "--broker", "nowhere"])), 2);
}
