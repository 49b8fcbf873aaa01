use std::ops::RangeInclusive;

use davy_journal::FirstKept;
use davy_model::{Tier, Timestamp};

use super::*;
use crate::Token;

#[path = "../../../model/tests/raised/mod.rs"]
mod raised;

/// The transition of that number; `epoch` tells those of one record from those of another.
fn transition(sequence: u64, epoch: i64) -> Transition {
    raised::raised(sequence, Tier::Red, Timestamp::from_micros(epoch * 1_000_000 + sequence as i64))
}

fn told(sequence: u64, durable: bool) -> Delivered {
    Delivered { transition: Arc::new(transition(sequence, 1)), durable }
}

/// A feed that has told 90 transitions, all of them on disk.
fn feed() -> Arc<SiteFeed> {
    let feed = SiteFeed::new("park".into(), "park.sqlite".into(), 90).after(Some(&transition(90, 1)));
    Arc::new(feed)
}

fn after(mark: impl Into<Mark>) -> Start {
    let mut token = Token::default();
    token.see(&"park".into(), mark);
    Start::After(token)
}

/// What is said next: the number of an alert, or the numbers of a gap and why.
#[derive(Debug, PartialEq)]
enum Said {
    Alert(u64),
    Gap(u64, u64, GapReason),
}

fn said(follower: &mut Follower) -> Said {
    match follower.step() {
        Step::Say(Event::Alert(alert)) => Said::Alert(alert.transition.sequence),
        Step::Say(Event::Gap { from_sequence, to_sequence, reason, .. }) => {
            Said::Gap(from_sequence, to_sequence, reason)
        }
        other => panic!("nothing said: {other:?}"),
    }
}

#[test]
fn what_the_journal_let_go_is_a_gap_and_what_it_kept_follows() {
    let mut follower = Follower::start(&feed(), &after(20));
    assert!(matches!(follower.step(), Step::Read { after: 20 }));
    let first = FirstKept { number: 500, sequence: 61 };
    follower.read(Err(JournalError::NoLongerKept { what: "transition 21".to_owned(), first }));
    assert_eq!(said(&mut follower), Said::Gap(21, 60, GapReason::Retention));
    assert!(matches!(follower.step(), Step::Read { after: 60 }));
    follower.read(Ok((61..=90).map(|sequence| transition(sequence, 1)).collect()));
    for sequence in 61..=90 {
        assert_eq!(said(&mut follower), Said::Alert(sequence));
    }
    follower.read(Ok(Vec::new()));
    assert!(matches!(follower.step(), Step::Wait));
    // Of any other trouble it is told, and that is the end.
    follower.behind = true;
    follower.read(Err(JournalError::Full("no disk".to_owned())));
    assert!(matches!(follower.step(), Step::Say(Event::Broken { .. })));
    assert!(matches!(follower.step(), Step::End));
}

#[test]
fn what_went_out_while_the_journal_failed_is_a_gap_to_whoever_was_away() {
    let (feed, mut follower) = missing(91..=92);
    assert!(matches!(follower.step(), Step::Wait));
    // What comes is heard live.
    feed.publish(told(93, false));
    assert!(follower.hear_now());
    assert_eq!(said(&mut follower), Said::Alert(93));
    // Written in the end, what was missing comes, and what was heard meanwhile again behind it: the last word is the newest.
    writes(&feed, &mut follower, 91..=93);
    for sequence in 91..=93 {
        assert_eq!(said(&mut follower), Said::Alert(sequence));
    }
    has_all(&feed, &mut follower, 93);
}

#[test]
fn what_was_missing_comes_as_the_disk_takes_it_and_is_said_to_be_missing_once() {
    let (feed, mut follower) = missing(91..=95);
    // The disk takes some, and fails again.
    writes(&feed, &mut follower, 91..=93);
    for sequence in 91..=93 {
        assert_eq!(said(&mut follower), Said::Alert(sequence));
    }
    assert!(matches!(follower.step(), Step::Read { after: 93 }));
    follower.read(Ok(Vec::new()));
    assert!(matches!(follower.step(), Step::Wait));
    feed.publish(told(96, false));
    assert!(follower.hear_now());
    assert_eq!(said(&mut follower), Said::Alert(96));
    writes(&feed, &mut follower, 94..=96);
    for sequence in 94..=96 {
        assert_eq!(said(&mut follower), Said::Alert(sequence));
    }
    has_all(&feed, &mut follower, 96);
}

#[test]
fn what_was_missing_and_is_let_go_before_it_could_be_read_is_gone() {
    let (feed, mut follower) = missing(91..=95);
    feed.publish(told(91, true));
    assert!(follower.hear_now());
    assert!(matches!(follower.step(), Step::Read { after: 90 }));
    let first = FirstKept { number: 500, sequence: 94 };
    follower.read(Err(JournalError::NoLongerKept { what: "transition 91".to_owned(), first }));
    assert_eq!(said(&mut follower), Said::Gap(91, 93, GapReason::Retention));
    assert!(matches!(follower.step(), Step::Read { after: 93 }));
    follower.read(Ok(vec![transition(94, 1), transition(95, 1)]));
    assert_eq!([said(&mut follower), said(&mut follower)], [Said::Alert(94), Said::Alert(95)]);
    has_all(&feed, &mut follower, 95);
}

#[test]
fn what_is_written_while_the_journal_is_looked_at_is_not_missing() {
    let feed = feed();
    feed.publish(told(91, false));
    let mut follower = Follower::start(&feed, &after(90));
    assert!(matches!(follower.step(), Step::Read { after: 90 }));
    feed.publish(told(91, true));
    follower.read(Ok(Vec::new()));
    assert!(matches!(follower.step(), Step::Read { after: 90 }), "it is there by now");
    follower.read(Ok(vec![transition(91, 1)]));
    assert_eq!(said(&mut follower), Said::Alert(91));
    has_all(&feed, &mut follower, 91);
}

/// A follower that comes after 90 when these went out and are not on disk: it is told that they are missing.
fn missing(sequences: RangeInclusive<u64>) -> (Arc<SiteFeed>, Follower) {
    let (feed, last) = (feed(), *sequences.end());
    sequences.for_each(|sequence| feed.publish(told(sequence, false)));
    let mut follower = Follower::start(&feed, &after(90));
    assert!(matches!(follower.step(), Step::Read { after: 90 }));
    follower.read(Ok(Vec::new()));
    assert_eq!(said(&mut follower), Said::Gap(91, last, GapReason::NotDurable));
    (feed, follower)
}

/// The disk is well again, and takes these. The follower looks at once, and finds them all.
fn writes(feed: &SiteFeed, follower: &mut Follower, sequences: RangeInclusive<u64>) {
    sequences.clone().for_each(|sequence| feed.publish(told(sequence, true)));
    assert!(follower.hear_now(), "what was written is no news");
    let Step::Read { after } = follower.step() else { panic!("it does not look") };
    follower.read(Ok((after + 1..=*sequences.end()).map(|sequence| transition(sequence, 1)).collect()));
}

/// The follower has everything up to `last`, asks for nothing more, and hears what comes next.
fn has_all(feed: &SiteFeed, follower: &mut Follower, last: u64) {
    assert!(matches!(follower.step(), Step::Read { after } if after == last));
    follower.read(Ok(Vec::new()));
    assert!(matches!(follower.step(), Step::Wait));
    feed.publish(told(last + 1, true));
    while follower.hear_now() {}
    assert_eq!(said(follower), Said::Alert(last + 1));
    assert!(matches!(follower.step(), Step::Wait));
}

#[test]
fn what_can_still_be_heard_live_is_no_gap_also_when_the_journal_has_it_not() {
    let feed = feed();
    feed.publish(told(91, false));
    let mut follower = Follower::start(&feed, &after(90));
    feed.publish(told(92, false));
    feed.publish(told(93, false));
    assert!(matches!(follower.step(), Step::Read { after: 90 }));
    follower.read(Ok(Vec::new()));
    assert!(
        matches!(follower.step(), Step::Read { after: 90 }),
        "one was heard with others missing before it"
    );
    follower.read(Ok(Vec::new()));
    assert_eq!(said(&mut follower), Said::Gap(91, 91, GapReason::NotDurable));
    assert_eq!(said(&mut follower), Said::Alert(92));
    assert!(matches!(follower.step(), Step::Wait));
    assert!(follower.hear_now());
    assert_eq!(said(&mut follower), Said::Alert(93));
}

#[test]
fn a_token_of_another_record_is_known_by_when_its_transition_was_recorded() {
    let unknown = |to| Some(Said::Gap(1, to, GapReason::UnknownToken));
    let (own, foreign) = (transition(90, 1), transition(90, 2));
    let (older, elsewhere) = (transition(20, 1), transition(20, 2));
    for (mark, found, due) in [
        // The latest is known by heart.
        (Mark::from(&own), None, None),
        (Mark::from(&foreign), None, unknown(90)),
        // Where a number alone is known, it has to do.
        (Mark::from(90), None, None),
        // For an older one the journal is asked; what it has let go cannot be told from another.
        (Mark::from(&older), Some(Some(older.clone())), None),
        (Mark::from(&elsewhere), Some(Some(older)), unknown(20)),
        (Mark::from(&elsewhere), Some(None), None),
    ] {
        let mut follower = Follower::start(&feed(), &after(mark));
        if let Some(found) = found {
            assert!(matches!(follower.step(), Step::Look { sequence: 20 }), "{mark}");
            follower.look(Ok(found));
        }
        if let Some(gap) = due {
            assert_eq!(said(&mut follower), gap, "{mark}");
        }
        match follower.step() {
            Step::Read { after } => assert_eq!(after, mark.sequence),
            Step::Wait => assert_eq!(mark.sequence, 90),
            other => panic!("{mark}: {other:?}"),
        }
    }
}

#[test]
fn what_the_journal_showed_before_it_was_published_is_no_unknown_token() {
    let feed = feed();
    let mut first = Follower::start(&feed, &after(89));
    assert!(matches!(first.step(), Step::Read { after: 89 }));
    first.read(Ok(vec![transition(90, 1), transition(91, 1)]));
    assert_eq!([said(&mut first), said(&mut first)], [Said::Alert(90), Said::Alert(91)]);
    assert_eq!(feed.written_sequence(), 91);
    // It resumes after what it was told, though nobody has published that yet.
    let mut again = Follower::start(&feed, &after(&transition(91, 1)));
    again.look(Ok(Some(transition(91, 1))));
    assert!(matches!(again.step(), Step::Wait));
    feed.publish(told(91, true));
    assert!(again.hear_now());
    assert!(matches!(again.step(), Step::Wait), "it was told before");
    // Nobody who begins now has it: it is not in the book of how alarms stand.
    assert_eq!(feed.durable_mark(), Mark::from(&transition(91, 1)));
}
