//! Out of one store and into another: the same readings.

use std::collections::BTreeMap;

use davy_model::{Quality, QualityReason};
use davy_tests::{Place, Setup, places};
use jiff::{Timestamp, ToSpan};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{export, import, keeping, path};

const SITE: &str = "site: park\nedge_nodes: [{id: gw-1}]\n";
/// A name that spreadsheets would take for a formula, and one with a comma, a quote and a space.
const TAGS: &str = "tag,quantity,unit,interval,edge_node,sent_as\nAT-1/nh3,gas.nh3,ppm,1s,gw-1,old nh3\n=AT/2,pressure,kPa,1s,gw-1,\n\"a, \"\"b\"\" c\",pressure,kPa,1s,gw-1,\n";
const NAMES: [(&str, &str); 3] = [("AT-1/nh3", "ppm"), ("=AT/2", "kPa"), ("a, \"b\" c", "kPa")];
const HEADER: &str = "time,tag,value,unit,quality,arrival\n";

fn park() -> Setup {
    let mut setup = Setup::new();
    setup.site("park", &[("site.yaml", SITE), ("tags.csv", TAGS)]);
    setup
}

fn quality(rng: &mut StdRng) -> Quality {
    loop {
        if let Some(quality) = Quality::from_code(rng.random()) {
            return quality;
        }
    }
}

/// Readings as lines of a file, by what tells two of them apart. Several are of one time; some have no value.
fn readings(seed: u64) -> BTreeMap<(usize, Timestamp, Option<u64>), String> {
    let mut rng = StdRng::seed_from_u64(seed);
    let begin: Timestamp = "2026-03-01T00:00:00.000001Z".parse().expect("a time");
    let mut found = BTreeMap::new();
    for _ in 0..3000 {
        let place = rng.random_range(0..NAMES.len());
        let time = begin + rng.random_range(0..1000_i64).microseconds() + rng.random_range(0..3_i64).hours();
        let value = match rng.random_range(0..10) {
            0 => None,
            1 => Some(f64::from(rng.random_range(-3..3_i32))),
            2 => Some(f64::from_bits(rng.random())).filter(|value| value.is_finite()),
            _ => Some(rng.random_range(-1e3..1e3)),
        };
        let arrival = time + rng.random_range(0..5_000_000_i64).microseconds();
        let (tag, unit) = NAMES[place];
        let told = value.map(|value| value.to_string()).unwrap_or_default();
        let line = format!(
            "{time:.6},{},{told},{unit},{},{arrival:.6}",
            if tag.contains(',') { format!("\"{}\"", tag.replace('"', "\"\"")) } else { tag.to_owned() },
            quality(&mut rng),
        );
        // 0 and -0 are one value.
        let bits = value.map(|value| if value == 0.0 { 0 } else { value.to_bits() });
        found.entry((place, time, bits)).or_insert(line);
    }
    found
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().skip(1).collect();
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn what_was_exported_is_the_same_again_in_an_empty_store() {
    let every: Vec<String> =
        QualityReason::ALL.iter().map(|reason| format!("bad:{}", reason.word())).collect();
    let mut rounds: Vec<[Option<Place>; 3]> = vec![[None, None, None], [None, None, None]];
    let [first, second, third] = [places("first").await, places("second").await, places("third").await];
    for ((first, second), third) in first.into_iter().zip(second).zip(third) {
        rounds.push([Some(first), Some(second), Some(third)]);
    }
    for (seed, databases) in (1..).zip(&rounds) {
        let (first, second, third) = (park(), park(), park());
        for (setup, database) in [&first, &second, &third].into_iter().zip(databases) {
            keeping(setup, database.as_ref()).await;
        }
        let readings = readings(seed);
        let lines: Vec<&str> = readings.values().map(String::as_str).collect();
        assert!(every.iter().all(|word| lines.iter().any(|line| line.contains(word))), "not every quality");
        first.write("all.csv", &format!("{HEADER}{}\n", lines.join("\n")));
        let told = import(&first, "park", &first.path("all.csv"), &[]).await.ended(0).one();
        assert_eq!(told["new"], readings.len(), "{told}");

        let out = export(&first, "readings", "park", &[]).await.ended(0).out;
        let mut expected = lines.clone();
        expected.sort_unstable();
        assert!(out.starts_with(HEADER));
        assert_eq!(sorted(&out), expected, "seed {seed}");
        for (setup, name) in [(&second, "r.csv.gz"), (&third, "r.parquet")] {
            let file = first.path(name);
            let told =
                export(&first, "readings", "park", &["-o", path(&file), "--json"]).await.ended(0).one();
            assert_eq!(told["rows"], readings.len(), "{told}");
            let told = import(setup, "park", &file, &[]).await.ended(0).one();
            assert_eq!(
                (&told["new"], &told["refused"]),
                (&readings.len().into(), &0.into()),
                "{name}: {told}"
            );
            let again = export(setup, "readings", "park", &[]).await.ended(0).out;
            assert!(again == out, "{name}, seed {seed}: what came back is not the same");
            let told = import(&first, "park", &file, &[]).await.ended(0).one();
            assert_eq!(told["known"], readings.len(), "{name}: {told}");
        }
    }
}

#[tokio::test]
async fn a_part_is_exported_and_a_broken_export_leaves_no_file() {
    let setup = park();
    keeping(&setup, None).await;
    let mut text = HEADER.replace(",arrival", "");
    for minute in 0..10 {
        for (tag, unit) in [("AT-1/nh3", "ppm"), ("=AT/2", "kPa")] {
            text.push_str(&format!("2026-03-01T00:{minute:02}:00Z,{tag},{minute},{unit},good\n"));
        }
    }
    setup.write("all.csv", &text);
    import(&setup, "park", &setup.path("all.csv"), &[]).await.ended(0);
    let (from, until) = ("2026-03-01T00:02:00Z", "2026-03-01T00:05:00Z");
    for (more, rows) in [
        (vec![], 20),
        (vec!["--tag", "AT-*"], 10),
        (vec!["--tag", "AT-*", "--tag", "=AT/2"], 20),
        (vec!["--from", from, "--until", until], 6),
        (vec!["--from", "2027-01-01T00:00:00Z"], 0),
        (vec!["--tag", "AT-*", "--every", "5m"], 2),
    ] {
        let out = export(&setup, "readings", "park", &more).await.ended(0).out;
        assert_eq!(out.lines().count(), rows + 1, "{more:?}:\n{out}");
    }
    let buckets = export(&setup, "readings", "park", &["--tag", "AT-*", "--every", "5m"]).await.ended(0).out;
    let second = buckets.lines().nth(2).expect("a second bucket");
    assert_eq!(second, "2026-03-01T00:05:00.000000Z,AT-1/nh3,ppm,5,5,9,7,9,5,1");

    let missing = setup.path("nowhere/r.csv");
    for (more, code, told) in [
        (vec!["--format", "parquet"], 2, "needs a file"),
        (vec!["-o", "r.txt"], 2, "--format"),
        (vec!["-o", "/dev/null", "--format", "csv"], 2, "no file that could be replaced"),
        (vec!["--tag", "XX-*"], 2, "no tag XX-*"),
        (vec!["--from", until, "--until", from], 2, "not before"),
        (vec!["--every", "1us"], 2, "at least 1ms"),
        (vec!["-o", path(&missing)], 1, "nowhere"),
    ] {
        let said = export(&setup, "readings", "park", &more).await.ended(code);
        assert!(said.err.contains(told), "{more:?}: {}", said.err);
        assert_eq!(said.out, "", "{more:?}");
    }
    let said = export(&setup, "readings", "mine", &[]).await.ended(78);
    assert!(said.err.contains("it has: park"), "{}", said.err);
    let left = std::fs::read_dir(setup.path("")).expect("a folder").filter_map(Result::ok);
    let left: Vec<_> = left
        .map(|entry| entry.file_name())
        .filter(|name| name.to_string_lossy().contains("export"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn what_came_by_another_name_and_in_another_unit_is_told_in_the_tags_own() {
    let setup = park();
    keeping(&setup, None).await;
    setup.write(
        "old.csv",
        "time,tag,value,unit\n2026-03-01T00:00:00Z,old nh3,2000,ppb\n2026-03-01T00:00:00Z,=AT/2,1,bar\n",
    );
    let told = import(&setup, "park", &setup.path("old.csv"), &[]).await.ended(0).one();
    assert_eq!(told["new"], 2, "{told}");
    let out = export(&setup, "readings", "park", &[]).await.ended(0).out;
    for line in
        ["2026-03-01T00:00:00.000000Z,AT-1/nh3,2,ppm,good", "2026-03-01T00:00:00.000000Z,=AT/2,100,kPa,good"]
    {
        assert!(out.contains(line), "{line}:\n{out}");
    }
}
