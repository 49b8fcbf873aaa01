//! A site's files: `site.yaml`, `tags.csv`, `rules/*.yaml`, and all of them together.

use std::fs;

use davy_model::BundleFile;
use davy_rules::{Diagnostic, Plan, bundle, compile_with_warnings};
use davy_tests::workspace;

use crate::harness::{Gauge, Growth, Heap, Target, text};

#[path = "../../../../crates/rules/tests/plain/mod.rs"]
pub(super) mod plain;

use plain::{RULES, SITE, TAGS};

/// An engineer's files are trees in memory, with a place for every word: more than bytes on the wire may take, and read
/// once, when somebody changes them.
const OF_FILES: Heap = Heap { times: 1024, bytes: 2 * 1024 * 1024 };

const PLAIN: Target = Target {
    heap: OF_FILES,
    // Half of what a worker has: sixteen levels, unoptimised.
    stack_len: 1024 * 1024,
    words: &[
        ": ", "- ", "{", "}", "[", "]", ",", "&a ", "*a", "<<: ", "!!binary ", "? ", "|\n", ">\n", "---\n", "...\n", "%YAML 1.2\n", ".nan", "~",
        "null", "true", "no", "0x1f", "1_000", "1 m", "7.05 ppm", "30s", "999999999999999999999d", "site: ", "edge_nodes:\n", "id: ", "rules:\n",
        "limit:", "at_or_above: ", "clear_below: ", "deadband: ", "off_delay: ", "applies_to: ", "{tag: \"*\"}", "stale: ", "tier: red",
        "tag,quantity,unit,low,high", "AT-1/h2s,gas.h2s,ppm,0,100", "gas.*", "\"", "\"\"", "\r", "\u{85}", "\u{2028}", "alarms", "sources:\n", "hj212",
    ],
    ..Target::PLAIN
};

pub(crate) const SITE_YAML: Target = Target {
    name: "site_yaml",
    runs: 3_000,
    check: |gauge, input| file(gauge, "site.yaml", input),
    seeds: || seeds("site.yaml", SITE),
    growth: &[
        Growth { what: "edge nodes", make: |len| lines(SITE, "edge_nodes:\n", |n| format!("  - {{id: n{n}}}\n"), len) },
        Growth { what: "areas of areas", make: |len| lines(SITE, "areas:\n", |n| format!("  - {{id: a{}, parent: a{n}}}\n", n + 1), len) },
        Growth { what: "one id again and again", make: |len| lines(SITE, "devices:\n", |_| "  - {id: x, edge_node: gw-1}\n".to_owned(), len) },
        Growth { what: "depth", make: |len| "[".repeat(len).into_bytes() },
        Growth { what: "blank lines", make: |len| "\n".repeat(len).into_bytes() },
        Growth { what: "a long word", make: |len| format!("site: {}", "x".repeat(len)).into_bytes() },
    ],
    ..PLAIN
};

pub(crate) const RULE_FILE: Target = Target {
    name: "rule_file",
    runs: 3_000,
    check: |gauge, input| file(gauge, "rules/a.yaml", input),
    seeds: || seeds("rules", RULES),
    growth: &[
        Growth { what: "rules", make: |len| lines("rules:\n", "rules:\n", a_rule, len) },
        Growth { what: "rules with an error", make: |len| lines("rules:\n", "rules:\n", |n| a_rule(n).replace("ppm", "kPa"), len) },
        Growth { what: "unknown keys", make: |len| lines(RULES, "rules:\n", |n| format!("  - {{x{n}: 1}}\n"), len) },
        Growth { what: "levels", make: |len| lines("rules:\n  - id: r\n    applies_to: {tag: \"*\"}\n    limit:\n", "limit:\n", |n| format!("      - {{name: L{n}, tier: red, at_or_above: {n} ppm}}\n"), len) },
        Growth { what: "tags named in a selector", make: |len| format!("rules:\n  - id: r\n    applies_to: {{tag: [{}]}}\n", "\"AT-*\", ".repeat(len / 8)).into_bytes() },
        Growth { what: "a pattern of stars", make: |len| format!("rules:\n  - id: r\n    applies_to: {{tag: \"{}\"}}\n", "*a".repeat(len / 2)).into_bytes() },
        Growth { what: "maps of maps", make: |len| "{a: ".repeat(len / 4).into_bytes() },
        Growth { what: "a text", make: |len| format!("rules: \"{}\"", "\\u6c14".repeat(len / 6)).into_bytes() },
    ],
    ..PLAIN
};

pub(crate) const TAGS_CSV: Target = Target {
    name: "tags_csv",
    runs: 3_000,
    check: |gauge, input| file(gauge, "tags.csv", input),
    seeds: || seeds("tags.csv", TAGS),
    growth: &[
        Growth { what: "tags", make: |len| lines(TAGS, "equipment\n", |n| format!("T{n}/h2s,gas.h2s,ppm,0,100,1s,farm,gw-1,,P-1\n"), len) },
        Growth { what: "bad rows", make: |len| lines(TAGS, "equipment\n", |n| format!("T{n}/h2s,gas.h2s,kPa,9,1,0s,f,g,d,P\n"), len) },
        Growth { what: "one tag again and again", make: |len| lines(TAGS, "equipment\n", |_| "T/h2s,gas.h2s,ppm,0,100,1s,farm,gw-1,,P-1\n".to_owned(), len) },
        Growth { what: "columns", make: |len| format!("tag,{}\n", "x,".repeat(len / 2)).into_bytes() },
        Growth { what: "cells of a row", make: |len| format!("tag,quantity\na,level{}\n", ",".repeat(len)).into_bytes() },
        Growth { what: "quotes", make: |len| format!("tag,quantity\n{}\n", "\"\"".repeat(len / 2)).into_bytes() },
        Growth { what: "blank lines", make: |len| format!("tag,quantity\n{}", "\r\n".repeat(len / 2)).into_bytes() },
    ],
    ..PLAIN
};

/// Three files, with NUL between.
pub(crate) const SITE_FOLDER: Target = Target {
    name: "site_folder",
    runs: 3_000,
    check: folder,
    seeds: || vec![format!("{SITE}\0{TAGS}\0{RULES}").into_bytes(), format!("{SITE}\0{TAGS}\0").into_bytes()],
    len_max: 16 * 1024,
    ..PLAIN
};

fn seeds(path: &str, good: &str) -> Vec<Vec<u8>> {
    let mut seeds = vec![good.as_bytes().to_vec(), b"\xef\xbb\xbf".to_vec()];
    for sample in ["gas", "mine", "park"] {
        let at = workspace().join("deploy/sample").join(sample).join(path);
        seeds.extend(fs::read(&at).ok());
        let below = fs::read_dir(&at).into_iter().flatten().flatten();
        let mut below: Vec<_> = below.filter_map(|entry| fs::read(entry.path()).ok()).collect();
        below.sort();
        seeds.append(&mut below);
    }
    seeds
}

/// A good text with lines put in behind `after`.
fn lines(good: &str, after: &str, line: impl Fn(usize) -> String, len: usize) -> Vec<u8> {
    let at = good.find(after).expect("the good text has it") + after.len();
    let mut text = good[..at].to_owned();
    let mut n = 0;
    while text.len() + good.len() - at < len {
        text += &line(n);
        n += 1;
    }
    text += &good[at..];
    text.into_bytes()
}

fn a_rule(n: usize) -> String {
    format!("  - id: r{n}\n    applies_to: {{quantity: gas.h2s}}\n    limit: [{{name: L1, tier: red, at_or_above: 7 ppm, deadband: 1 ppm}}]\n    response: {{action: Leave, time_to_respond: 3m}}\n")
}

fn file(gauge: &mut Gauge, path: &str, input: &[u8]) {
    let text = text(input);
    let files = plain::bent("", "", "");
    let changed = |file: BundleFile| if file.path == path { BundleFile { text: text.to_string(), ..file } } else { file };
    read(gauge, &files.into_iter().map(changed).collect::<Vec<_>>());
}

fn folder(gauge: &mut Gauge, input: &[u8]) {
    let text = text(input);
    let paths = ["site.yaml", "tags.csv", "rules/a.yaml"];
    let files = paths.iter().zip(text.splitn(3, '\0'));
    let named = |(path, text): (&&str, &str)| BundleFile { path: (*path).to_owned(), text: text.to_owned() };
    read(gauge, &files.map(named).collect::<Vec<_>>());
}

fn read(gauge: &mut Gauge, files: &[BundleFile]) {
    let len = files.iter().map(|file| file.text.len()).sum();
    let compiled = gauge.measure(len, || bundle(files.to_vec()).and_then(|bundle| compile_with_warnings(&bundle)));
    let findings = match &compiled {
        Ok((plan, warnings)) => {
            sound(plan);
            gauge.saw((plan.limits.len().min(9), plan.silences.len().min(9), plan.watches.len().min(9)));
            warnings
        }
        Err(findings) => {
            assert!(!findings.is_empty(), "refused without a word");
            findings
        }
    };
    assert!(findings.len() <= 1001);
    for found in findings.iter().take(200) {
        sane(found, files);
    }
    for found in findings.iter().take(3) {
        gauge.saw((found.code.word(), found.message.len() / 4, found.line.min(3)));
    }
}

/// Where it points at is there, and it is said in a line.
fn sane(found: &Diagnostic, files: &[BundleFile]) {
    let text = files.iter().find(|file| file.path == *found.file).map_or("", |file| &file.text);
    let lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count();
    assert!(found.line >= 1 && found.line as usize <= lines + 1, "{found}");
    let printed = found.to_string();
    assert!(found.column >= 1 && !printed.contains('\n'), "{printed}");
    assert!(printed.len() <= 4096, "a finding of {} bytes: {}", printed.len(), &printed[..200]);
}

/// Nothing in a plan can fail any more.
fn sound(plan: &Plan) {
    let watched: usize =
        (0..plan.tags_len()).map(|tag| plan.watches_of(davy_model::TagIndex(tag as u32)).len()).sum();
    assert_eq!(watched, plan.watches.len());
    for level in plan.limits.iter().flat_map(|program| &program.levels) {
        assert!(level.set_point.is_finite() && level.clear_point.is_finite(), "{level:?}");
        assert!(level.on_delay_us >= 0 && level.off_delay_us >= 0 && level.re_alarm_us.is_none_or(|us| us > 0), "{level:?}");
        assert!(!(level.is_past(level.set_point) && level.is_clear(level.set_point)), "{level:?}");
    }
    assert!(plan.silences.iter().all(|silence| silence.after_us > 0));
    for tag in &plan.site.tags {
        assert!(tag.range.is_none_or(|range| range.low <= range.high), "{tag:?}");
    }
}
