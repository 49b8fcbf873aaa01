//! Every code a sender or an operator can see has its page, in both languages.

use std::{fs, path::PathBuf, time::Duration};

use davy_model::{Reason, Refusal, Timestamp};

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
    ]
}

#[test]
fn every_code_has_its_page_and_every_page_its_code() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let mut codes: Vec<&str> = Reason::ALL.iter().map(|reason| reason.word()).collect();
    codes.extend(refusals().iter().map(Refusal::word));
    for code in &codes {
        let page = fs::read_to_string(folder.join(format!("{code}.md")))
            .unwrap_or_else(|_| panic!("no page for {code}"));
        assert!(page.starts_with(&format!("# {code}\n")), "{code}");
        for part in [
            "**Meaning.**",
            "**Example.**",
            "**Cause.**",
            "**Fix.**",
            "## 中文",
            "**含义。**",
            "**原因。**",
            "**处理。**",
        ] {
            assert!(page.contains(part), "{code} lacks {part}");
        }
    }
    for entry in fs::read_dir(&folder).expect("the folder is there") {
        let path = entry.expect("readable").path();
        let code = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        let others_write_it = code == "README" || !code.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        assert!(others_write_it || codes.contains(&code.as_str()), "{code} is a page without a code");
    }
}
