//! What is not done, why, and that nothing has changed then.

use super::{LOOSER, WAS, Yard, text};

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_reason_and_changes_nothing() {
    let yard = Yard::served("").await;
    let active = yard.active().await;
    let (new, same) = (yard.folder("new", WAS, LOOSER), yard.folder("same", WAS, WAS));
    let wrong = yard.folder("wrong", "tier: red", "tier: crimson");
    let other = yard.folder("other", WAS, "at_or_above: 8 ppm, clear_below: 7 ppm");
    yard.setup.write(
        "new/tests/gas.yaml",
        "tests:\n  - name: 12 ppm is an alarm\n    rules: h2s\n    series: {AT-1/h2s: \"2x3 12x3\"}\n    expect:\n      - {at: 30s, transition: raised, tier: red}\n",
    );
    let by = ["--by", "wu", "--comment", "because"];
    let propose = |folder: &str, more: &[&str]| {
        [&["propose", folder], more].concat().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    for (words, reason) in [
        (propose(&new, &["--comment", "because", "--by", ""]), "ACTOR_MISSING"),
        (propose(&new, &["--by", "wu"]), "COMMENT_MISSING"),
        (propose(&same, &by), "NOTHING_CHANGED"),
        (propose(&new, &by), "TESTS_FAILED"),
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert_eq!(yard.is_refused(&words).await, reason, "{words:?}");
    }
    let refused = yard.rules(&[&["propose", &wrong][..], &by].concat()).await;
    assert!(refused.out.contains("crimson") && refused.out.contains("rules/gas.yaml:4"), "{}", refused.out);
    assert_eq!(refused.refused(), "FILES_INVALID");

    // Looked at only, nothing is kept.
    let looked =
        yard.rules(&[&["propose", &other, "--validate-only"][..], &by].concat()).await.ended(0).one();
    assert_eq!(yard.rules(&["history", "yard"]).await.ended(0).json().len(), 1, "{looked}");

    let tighter = yard.proposed(&other).await;
    for (words, reason) in [
        (vec!["activate", "yard", &tighter, "--by", "wu"], "REVISION_STATE"),
        (vec!["shadow", "yard", &tighter, "--by", "wu"], "REVISION_STATE"),
        (vec!["shadow", "yard", &tighter, "--by", "wu", "--end"], "REVISION_STATE"),
        (vec!["approve", "yard", &tighter, "--by", " "], "ACTOR_MISSING"),
        (vec!["approve", "yard", &tighter[..3], "--by", "li"], "REVISION_UNKNOWN"),
        (vec!["approve", "yard", "000000000000", "--by", "li"], "REVISION_UNKNOWN"),
        (vec!["approve", "nowhere", &tighter, "--by", "li"], "SITE_UNKNOWN"),
        (vec!["reject", "yard", &tighter, "--by", "li"], "COMMENT_MISSING"),
        (vec!["rollback", "yard", &active, "--by", "li"], "COMMENT_MISSING"),
        (vec!["rollback", "yard", &active, "--by", "li", "--comment", "because"], "NOTHING_TO_ROLL_BACK"),
    ] {
        assert_eq!(yard.is_refused(&words).await, reason, "{words:?}");
    }
    assert_eq!(yard.active().await, active);

    // Two proposals in place of the same files: when one is active, the other was judged against what is no more.
    std::fs::remove_dir_all(yard.setup.path("new/tests")).expect("they go");
    let looser = yard.proposed(&new).await;
    for revision in [&tighter, &looser] {
        assert_eq!(yard.does("approve", revision, "li").await, "approved");
    }
    assert_eq!(yard.does("activate", &tighter, "li").await, "active");
    assert_eq!(yard.is_refused(&["activate", "yard", &looser, "--by", "li"]).await, "REVISION_BASE_MOVED");
    assert_eq!(yard.does("reject", &looser, "li").await, "rejected");
    let again = yard.rules(&[&["propose", &new][..], &by].concat()).await.ended(0).one();
    assert_eq!((text(&again, "revision"), text(&again, "base")), (looser, tighter));
}

#[tokio::test]
async fn one_revision_is_in_shadow_at_a_time() {
    let yard = Yard::served("").await;
    let (one, two) = (yard.folder("one", WAS, LOOSER), yard.folder("two", "5 ppm", "6 ppm"));
    let (one, two) = (yard.proposed(&one).await, yard.proposed(&two).await);
    for revision in [&one, &two] {
        assert_eq!(yard.does("approve", revision, "li").await, "approved");
    }
    assert_eq!(yard.does("shadow", &one, "li").await, "shadow");
    assert_eq!(yard.is_refused(&["shadow", "yard", &two, "--by", "li"]).await, "REVISION_STATE");
    let ended = yard.rules(&["shadow", "yard", &one, "--end", "--by", "li"]).await.ended(0).one();
    assert_eq!(text(&ended, "state"), "approved");
    assert_eq!(yard.does("shadow", &two, "li").await, "shadow");
}
