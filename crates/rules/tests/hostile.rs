//! Whatever stands in the files, they are read to the end: no panic, a bounded answer, and the same one twice.

mod plain;

use davy_model::BundleFile;
use davy_rules::{bundle, compile_with_warnings};
use plain::{RULES, SITE, TAGS, bent};
use proptest::prelude::*;

const PATHS: [&str; 3] = ["site.yaml", "tags.csv", "rules/a.yaml"];
const TEXTS: [&str; 3] = [SITE, TAGS, RULES];

/// A site with hazard sources, in the place of the good one.
const HAZARDS: &str = "\
site: park
areas: [{id: farm}, {id: bund, parent: farm}]
edge_nodes: [{id: gw-1}, {id: gw-2}]
devices: [{id: AT-1, edge_node: gw-1}]
hazard_sources:
  - id: farm
    unit: storage
    people_exposed: 40
    members:
      - {title: TK-1, substance: methanol, design: 600 t, live: {tag: TK-1/level, table: [[0, 5], [1.5, 80], [9, 700]], density: 0.79}}
      - {substance: 液氯, design: 3000 kg}
      - {substance: MTBE, category: W5.3, design: 20 t}
      - {substance: own, critical: 5 t, beta: 2, basis: {standard: a, clause: b, confidence: known}, design: 900 kg}
";

/// Compiles twice, and checks what must hold of any answer.
fn read(files: &[BundleFile]) {
    let answer = || bundle(files.to_owned()).and_then(|bundle| compile_with_warnings(&bundle));
    let first = answer();
    assert_eq!(first, answer(), "the same files, another answer");
    let (plan, findings) = match first {
        Ok((plan, warnings)) => (Some(plan), warnings),
        Err(findings) => {
            assert!(!findings.is_empty(), "refused without a word");
            (None, findings)
        }
    };
    assert!(findings.len() <= 1001);
    for found in &findings {
        let text = files.iter().find(|file| file.path == *found.file).map_or("", |file| &file.text);
        let lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count();
        assert!(found.line >= 1 && found.line as usize <= lines + 1, "{found}");
        assert!(found.column >= 1 && !found.to_string().contains('\n'), "{found}");
    }
    let Some(plan) = plan else { return };
    let watched: usize =
        (0..plan.tags_len()).map(|tag| plan.watches_of(davy_model::TagIndex(tag as u32)).len()).sum();
    assert_eq!(watched, plan.watches.len());
    let members = plan.hazard_sources.iter().flat_map(|source| &source.members);
    for member in members {
        assert!(member.design_t > 0.0 && member.critical_t.value > 0.0 && member.beta.value > 0.0);
        assert!((member.design_t / member.critical_t.value * member.beta.value).is_finite());
        for value in [-1e9, 0.0, 0.7, 1e9] {
            let t = member.live.as_ref().map_or(0.0, |live| live.content.tonnes(value));
            assert!(t.is_finite() && t >= 0.0, "{t} t at {value}");
        }
    }
    for level in plan.limits.iter().flat_map(|program| &program.levels) {
        assert!(level.set_point.is_finite() && level.clear_point.is_finite());
        assert!(!(level.is_past(level.set_point) && level.is_clear(level.set_point)), "{level:?}");
    }
}

/// A good text with some pieces cut, doubled, or replaced by something nasty.
fn mutated(text: &'static str) -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "",
        "\0",
        "\n",
        "\r",
        "\"",
        "'",
        "*",
        "&a ",
        "*a",
        ": ",
        "- ",
        "[",
        "{",
        "}",
        "]",
        ",",
        "\u{feff}",
        "气",
        "1e999",
        "-0",
        ".nan",
        "<<: ",
        "!!binary ",
        "? ",
        "|\n",
        "\t",
        "%",
        "---\n",
        "999999999999999999999d",
        "\u{2028}",
        "1 m",
        "{}",
    ]);
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, nasty), 1..5);
    edits.prop_map(move |edits| {
        let mut text = text.to_owned();
        for (at, cut, new) in edits {
            let places: Vec<usize> =
                text.char_indices().map(|(place, _)| place).chain([text.len()]).collect();
            let from = at.index(places.len());
            let to = (from + cut).min(places.len() - 1);
            text.replace_range(places[from]..places[to], new);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_good_file_with_a_few_slips_is_read_to_the_end(
        site in mutated(SITE), tags in mutated(TAGS), rules in mutated(RULES), which in 0usize..7,
    ) {
        let mut files = bent("", "", "");
        for (place, text) in [site, tags, rules].into_iter().enumerate() {
            if which == 6 || which % 3 == place {
                files[place].text = text;
            }
        }
        read(&files);
    }

    #[test]
    fn hazard_sources_with_a_few_slips_are_read_to_the_end_and_make_finite_sums(site in mutated(HAZARDS)) {
        let mut files = bent("", "", "");
        files[0].text = site;
        read(&files);
    }

    #[test]
    fn any_text_at_all_is_read_to_the_end(place in 0usize..3, text in "(?s).{0,200}") {
        let mut files = bent("", "", "");
        files[place].text = text;
        read(&files);
    }

    #[test]
    fn bytes_that_look_like_yaml_or_csv_are_read_to_the_end(place in 0usize..3, text in "[a-c0-9:\\-\\[\\]{},\"' \n&*|>?!%#.]{0,120}") {
        let mut files = bent("", "", "");
        files[place].text = text;
        read(&files);
    }
}

#[test]
fn every_file_cut_short_is_read_to_the_end() {
    for (path, text) in PATHS.into_iter().zip(TEXTS) {
        for (end, _) in text.char_indices().step_by(3) {
            let mut files = bent("", "", "");
            let file = files.iter_mut().find(|file| file.path == path).expect("one of the three");
            file.text.truncate(end);
            read(&files);
        }
    }
}

#[test]
fn bombs_are_refused() {
    let mut bomb = "x: &a0 [y, y, y, y, y, y, y, y, y]\n".to_owned();
    for i in 1..12 {
        bomb.push_str(&format!("x{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", ")));
    }
    for text in [bomb, "[".repeat(50_000), "{a: ".repeat(50_000), "- ".repeat(50_000), "\"".repeat(50_001)] {
        for place in 0..3 {
            let mut files = bent("", "", "");
            files[place].text = text.clone();
            assert!(bundle(files).and_then(|bundle| compile_with_warnings(&bundle)).is_err());
        }
    }
}
