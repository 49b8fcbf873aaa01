//! Drafts of public warnings: files that say what they are, refer to those before them, and go nowhere.

use std::{fs, path::Path, time::Duration};

use davy_delivery::exits::{Cap, CapConfig, Exit, Notice, Outcome};
use davy_model::{Tier, TransitionKind};
use davy_proto::alert_of;

use crate::plant::transition;

pub(crate) fn config(folder: &Path) -> CapConfig {
    CapConfig {
        folder: folder.to_owned(),
        sender: "duty@park.example".to_owned(),
        sender_name: "Park <1> & Co".to_owned(),
        exercise: false,
        category: "CBRNE".to_owned(),
        area: ("Tank farm".to_owned(), "罐区".to_owned()),
        polygon: Some("39.1,116.2 39.2,116.2 39.2,116.3 39.1,116.2".to_owned()),
        utc_offset_s: 8 * 3600,
        gb_code: None,
        timeout: Duration::from_secs(10),
    }
}

/// Of one occurrence.
fn notice(step: u32, kind: TransitionKind, tier: Tier) -> Notice {
    let mut alarm = transition(7, tier);
    (alarm.step, alarm.kind) = (step, kind);
    Notice::Alert(Box::new(alert_of(&alarm, true)))
}

async fn drafted(config: CapConfig, step: u32, kind: TransitionKind, tier: Tier) -> Option<String> {
    let folder = config.folder.clone();
    let outcome = Cap::new(config).deliver(&notice(step, kind, tier)).await;
    let Outcome::Delivered(name) = outcome else { panic!("{outcome:?}") };
    fs::read_to_string(folder.join(name)).ok()
}

fn of<'a>(xml: &'a str, name: &str) -> &'a str {
    xml.split_once(&format!("<{name}>")).unwrap().1.split_once(&format!("</{name}>")).unwrap().0
}

#[tokio::test]
async fn a_warning_is_drafted_updated_and_cancelled_with_what_came_before() {
    let folder = tempfile::tempdir().unwrap();
    let config = || config(folder.path());
    let first = drafted(config(), 1, TransitionKind::Raised, Tier::Orange).await.unwrap();
    for (name, due) in [
        ("identifier", "park:h2s:AT-0412/h2s#7.1"),
        ("sender", "duty@park.example"),
        ("sent", "2026-11-23T16:00:07+08:00"),
        ("status", "Draft"),
        ("msgType", "Alert"),
        ("scope", "Restricted"),
        ("language", "zh-CN"),
        ("event", "硫化氢"),
        ("urgency", "Immediate"),
        ("severity", "Severe"),
        ("certainty", "Observed"),
        ("senderName", "Park &lt;1&gt; &amp; Co"),
        ("areaDesc", "罐区"),
    ] {
        assert_eq!(of(&first, name), due, "{name}");
    }
    assert_eq!(first.matches("<info>").count(), 2);
    assert!(first.contains("<language>en-US</language>") && !first.contains("<references>"));
    // What concerns operators alone changes nothing for the public.
    assert_eq!(drafted(config(), 2, TransitionKind::Acknowledged, Tier::Orange).await, None);
    let second = drafted(config(), 3, TransitionKind::TierRaised, Tier::Red).await.unwrap();
    assert_eq!((of(&second, "msgType"), of(&second, "severity")), ("Update", "Extreme"));
    let reference =
        |step| format!("duty@park.example,park:h2s:AT-0412/h2s#7.{step},2026-11-23T16:00:07+08:00");
    assert_eq!(of(&second, "references"), reference(1));
    let third = drafted(config(), 4, TransitionKind::Cleared, Tier::Red).await.unwrap();
    assert_eq!((of(&third, "msgType"), of(&third, "responseType")), ("Cancel", "AllClear"));
    assert_eq!(of(&third, "references"), format!("{} {}", reference(1), reference(3)));
    // Told twice, it is the same file.
    assert_eq!(drafted(config(), 4, TransitionKind::Cleared, Tier::Red).await.unwrap(), third);
    let files = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 3, "nothing unfinished is left");
}

#[tokio::test]
async fn a_draft_of_an_alarm_with_a_long_name_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut way = Cap::new(config(folder.path()));
    let mut drafts = Vec::new();
    for (subject, step) in [("硫化氢", 1), ("硫化氢", 2), ("一氧化碳", 2)] {
        let mut alarm = transition(7, Tier::Red);
        (alarm.step, alarm.alarm.subject) = (step, subject.repeat(40).into());
        if step == 2 {
            alarm.kind = TransitionKind::Cleared;
        }
        let outcome = way.deliver(&Notice::Alert(Box::new(alert_of(&alarm, true)))).await;
        let Outcome::Delivered(name) = outcome else { panic!("{outcome:?}") };
        drafts.push(fs::read_to_string(folder.path().join(&name)).map_err(|_| name));
    }
    assert_eq!(of(drafts[1].as_ref().unwrap(), "msgType"), "Cancel");
    assert!(drafts[2].is_err(), "another alarm with a long name has no draft to cancel: {drafts:?}");
}

#[tokio::test]
async fn an_exercise_says_so_and_the_national_form_has_its_own_identifiers() {
    let folder = tempfile::tempdir().unwrap();
    let gb = CapConfig {
        exercise: true,
        gb_code: Some("11000010100001".to_owned()),
        utc_offset_s: 0,
        ..config(folder.path())
    };
    let draft = drafted(gb, 1, TransitionKind::Raised, Tier::Red).await.unwrap();
    assert_eq!(of(&draft, "status"), "Exercise");
    assert_eq!(of(&draft, "identifier"), "11000010100001_20261123160007_7");
    assert_eq!(of(&draft, "sent"), "2026-11-23T16:00:07+08:00");
    assert_eq!(of(&draft, "code"), "GB/T 35965.1-2018");
}

#[tokio::test]
async fn what_was_never_drafted_is_not_cancelled_and_a_folder_that_is_gone_is_told() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(drafted(config(folder.path()), 4, TransitionKind::Cleared, Tier::Red).await, None);
    let gone = config(&folder.path().join("gone"));
    let outcome = Cap::new(gone).deliver(&notice(1, TransitionKind::Raised, Tier::Red)).await;
    assert!(matches!(outcome, Outcome::Again { .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_name_that_the_folder_does_not_take_is_refused_and_a_shorter_one_is_written() {
    let dir = tempfile::tempdir().unwrap();
    // A path ends at 4096 bytes: in a folder of 4000 there is room for a short name, and for no long one.
    let mut deep = dir.path().to_owned();
    while deep.as_os_str().len() < 3999 {
        deep.push("d".repeat((3999 - deep.as_os_str().len()).min(200)));
    }
    fs::create_dir_all(&deep).unwrap();
    let mut way = Cap::new(config(&deep));
    let mut outcomes = Vec::new();
    for subject in ["AT-0412".repeat(20), "AT-0412".to_owned()] {
        let mut alarm = transition(7, Tier::Red);
        alarm.alarm.subject = subject.into();
        outcomes.push(way.deliver(&Notice::Alert(Box::new(alert_of(&alarm, true)))).await);
    }
    assert!(matches!(outcomes[..], [Outcome::Refused(_), Outcome::Delivered(_)]), "{outcomes:?}");
}
