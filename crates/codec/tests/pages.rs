//! Every code a sender, an operator or a client can see has its page, whole in both languages.

use std::{collections::BTreeSet, fs, path::PathBuf, time::Duration};

use davy_model::{Reason, Refusal, Timestamp, Verdict};

/// The parts of a page, in their order: first English, then Chinese.
const PARTS: [&str; 11] = [
    "**Meaning.**",
    "**Example.**",
    "**Cause.**",
    "**Fix.**",
    "**Reproduce.**",
    "## 中文",
    "**含义。**",
    "**示例。**",
    "**原因。**",
    "**处理。**",
    "**复现。**",
];

/// What gRPC services answer with besides what the engine refuses: `crates/server/src/rpc/status.rs`, and `NotReplayed` of
/// `crates/intake/src/replay.rs`.
const SERVICE_CODES: [&str; 34] = [
    "AUDIT_UNAVAILABLE",
    "AUTH_FAILED",
    "COUNTERSIGNATURE_INVALID",
    "NOT_ALLOWED",
    "CALLS_TOO_MANY",
    "METHOD_UNKNOWN",
    "DEADLINE_EXCEEDED",
    "INTERNAL",
    "SITE_UNKNOWN",
    "SITE_FORWARDED",
    "LINK_REFUSED",
    "CONSUMERS_TOO_MANY",
    "CONSUMER_CONNECTED",
    "CONSUMER_UNKNOWN",
    "EXIT_UNKNOWN",
    "HISTORY_UNAVAILABLE",
    "REQUEST_INVALID",
    "RESUME_TOKEN_INVALID",
    "STORAGE_UNAVAILABLE",
    "NO_LONGER_KEPT",
    "STOPPING",
    "NOTHING_TO_REPLAY",
    "FILES_INVALID",
    "MIGRATION_UNDECLARED",
    "NOTHING_CHANGED",
    "NOTHING_TO_ROLL_BACK",
    "REVISIONS_TOO_MANY",
    "REVISION_BASE_MOVED",
    "REVISION_CHANGED",
    "REVISION_STATE",
    "REVISION_UNKNOWN",
    "RULE_UNKNOWN",
    "TESTS_FAILED",
    "WATCHERS_TOO_MANY",
];

fn refusals() -> Vec<Refusal> {
    vec![
        Refusal::AlarmUnknown,
        Refusal::OccurrenceChanged { now: 2 },
        Refusal::NothingToAcknowledge,
        Refusal::AlreadyAcknowledged,
        Refusal::AlreadyShelved { until: Timestamp::MIN },
        Refusal::NotShelved,
        Refusal::ShelveDuration { max: Duration::ZERO },
        Refusal::SecondPersonNeeded,
        Refusal::CommentMissing,
        Refusal::ActorMissing,
        Refusal::NotLatched,
        Refusal::StillActive,
        Refusal::NotAcknowledged,
        Refusal::AlreadyOutOfService,
        Refusal::NotOutOfService,
        Refusal::AlreadySuppressed,
        Refusal::NotSuppressed,
        Refusal::NoOpenCase,
        Refusal::AlreadyVerified { verdict: Verdict::Real },
        Refusal::NotVerified,
        Refusal::FeedbackMissing,
    ]
}

fn codes() -> Vec<&'static str> {
    let mut codes: Vec<&str> = Reason::ALL.iter().map(|reason| reason.word()).collect();
    codes.extend(refusals().iter().map(Refusal::word));
    codes.extend(SERVICE_CODES);
    codes
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors")
}

fn page(code: &str) -> String {
    fs::read_to_string(folder().join(format!("{code}.md"))).unwrap_or_else(|_| panic!("no page for {code}"))
}

/// What stands under each part. Every part stands once and in its place, or the page is not of the form.
fn parts<'a>(code: &str, page: &'a str) -> [&'a str; PARTS.len()] {
    let mut starts = [0; PARTS.len() + 1];
    starts[PARTS.len()] = page.len();
    for (place, part) in PARTS.iter().enumerate() {
        let found: Vec<usize> = page.match_indices(&format!("\n{part}")).map(|(at, _)| at).collect();
        assert!(found.len() == 1, "{code}: {part} stands {} times, expected once", found.len());
        starts[place] = found[0];
    }
    assert!(starts.is_sorted(), "{code}: the parts stand in another order than {PARTS:?}");
    std::array::from_fn(|place| {
        let text = &page[starts[place]..starts[place + 1]];
        text.trim_start().strip_prefix(PARTS[place]).expect("it begins there").trim()
    })
}

/// The text of the one block in a part.
fn block<'a>(part: &'a str, fence: &str) -> Option<&'a str> {
    let (_, rest) = part.split_once(&format!("{fence}\n"))?;
    Some(rest.split_once("\n```")?.0)
}

fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[test]
fn every_code_has_its_page_and_every_page_its_code() {
    let codes = codes();
    for code in &codes {
        assert!(page(code).starts_with(&format!("# {code}\n")), "{code}: another title");
    }
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len(), "a code that two things use");
    for entry in fs::read_dir(folder()).expect("the folder is there") {
        let path = entry.expect("readable").path();
        let code = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        assert!(code == "README" || codes.contains(&code.as_str()), "{code} is a page without a code");
    }
}

#[test]
fn every_page_is_whole_in_both_languages() {
    for code in codes() {
        let text = page(code);
        let [meaning, example, cause, fix, _, outcome_zh, meaning_zh, example_zh, cause_zh, fix_zh, _] =
            parts(code, &text);
        for part in [meaning, cause, fix] {
            assert!(!part.is_empty() && !is_chinese(part), "{code}: not English: {part:?}");
        }
        for part in [outcome_zh, meaning_zh, cause_zh, fix_zh] {
            assert!(is_chinese(part), "{code}: not Chinese: {part:?}");
        }
        let outcome = text.split("\n\n").nth(1).unwrap_or_default();
        for line in [outcome, outcome_zh] {
            let is_italic = line.len() > 4 && line.starts_with('*') && !line.starts_with("**");
            assert!(
                is_italic && line.ends_with('*'),
                "{code}: no line that says what became of it: {line:?}"
            );
        }
        for part in [example, example_zh] {
            assert!(block(part, "```").is_some_and(|text| !text.is_empty()), "{code}: no example block");
        }
    }
}

#[test]
fn every_page_says_how_to_reproduce_it_in_the_same_words() {
    for code in codes() {
        let text = page(code);
        let all = parts(code, &text);
        let (english, chinese) = (all[4], all[10]);
        match (block(english, "```sh"), block(chinese, "```sh")) {
            (Some(english), Some(chinese)) => {
                assert_eq!(english, chinese, "{code}: other commands in Chinese");
            }
            (None, None) => {
                assert!(english.starts_with("Not by "), "{code}: neither commands nor why there are none");
                assert!(
                    chinese.starts_with("不能用"),
                    "{code}: neither commands nor why there are none, in Chinese"
                );
            }
            _ => panic!("{code}: commands in one language only"),
        }
    }
}

#[test]
fn the_index_names_every_page() {
    let index = page("README");
    for code in codes() {
        assert!(
            index.contains(&format!("[{code}]({code}.md)")),
            "docs/errors/README.md does not name {code}"
        );
    }
}
