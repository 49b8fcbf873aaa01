use davy_delivery::{Event, GapReason, Start, Subscription, Token};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::rpc::testing::transition;

/// What a lower Davy brings, one line a message; `-9` says that everything up to 9 is missing.
struct Link {
    folder: TempDir,
    site: Forwarded,
}

fn open(folder: &TempDir) -> Forwarded {
    let place = Place::from(&folder.path().join("park.sqlite"));
    Forwarded::open(&"park".into(), &"park-davy".into(), &place, Retention::default()).expect("a journal")
}

impl Link {
    fn new() -> Link {
        let folder = tempfile::tempdir().expect("a folder");
        Link { site: open(&folder), folder }
    }

    fn brings(&self, sequences: impl IntoIterator<Item = u64>) -> Result<(u64, u64, u64), String> {
        let brought = sequences.into_iter().map(transition).collect();
        let taken = self.site.take(Timestamp::from_micros(1), brought).map_err(|unfit| unfit.to_string())?;
        Ok((taken.sequence, taken.new, taken.missing))
    }

    fn again(self) -> Link {
        self.site.close().expect("a clean end");
        Link { site: open(&self.folder), folder: self.folder }
    }

    fn standing(&self) -> Vec<u64> {
        self.site.feed().book().standing().iter().map(|entry| entry.last.sequence).collect()
    }

    /// What a subscriber hears that has everything up to `after`: sequences, and gaps as pairs.
    async fn heard(&self, after: u64) -> Vec<(u64, u64)> {
        let feed = davy_delivery::Feed::new([Arc::clone(self.site.feed())]);
        let mut token = Token::default();
        token.see(self.site.feed().site(), after);
        let stop = CancellationToken::new();
        let mut events = Subscription::start(&feed, &["park".into()], &Start::After(token), &stop);
        let mut heard = Vec::new();
        while let Ok(Some(event)) = tokio::time::timeout(Duration::from_millis(500), events.next()).await {
            match event {
                Event::Alert(alert) => heard.push((alert.transition.sequence, alert.transition.sequence)),
                Event::Gap { from_sequence, to_sequence, reason: GapReason::Retention, .. } => {
                    heard.push((from_sequence, to_sequence));
                }
                other => panic!("{other:?}"),
            }
            if heard.last().is_some_and(|(_, last)| *last == self.site.feed().sequence()) {
                break;
            }
        }
        heard
    }
}

#[test]
fn what_comes_again_is_known_by_its_sequence_and_what_is_out_of_order_is_refused() {
    let link = Link::new();
    assert_eq!(link.brings([1, 2, 3]), Ok((3, 3, 0)));
    assert_eq!(link.brings([2, 3]), Ok((3, 0, 0)), "a repeat is nothing new");
    assert_eq!(link.brings([3, 4]), Ok((4, 1, 0)), "half of it is");
    for (brought, due) in [(vec![6], 5), (vec![5, 7], 6), (vec![5, 5], 6)] {
        let refused = link.brings(brought.clone()).expect_err("out of order");
        assert!(refused.contains(&format!("where {due} is due")), "{brought:?}: {refused}");
    }
    assert_eq!(link.brings([5]), Ok((5, 1, 0)), "what was refused left nothing behind");
}

#[test]
fn a_number_past_all_is_refused_and_leaves_nothing_behind() {
    let link = Link::new();
    link.site.excuse(u64::MAX);
    assert!(link.brings([u64::MAX]).is_err(), "the journal has no such number");
    assert!(link.brings([u64::MAX, 1]).is_err());
    assert_eq!(link.brings([1, 2]), Ok((2, 2, 0)));
}

#[test]
fn a_transition_of_another_site_is_not_taken_with_those_around_it() {
    let link = Link::new();
    let mut foreign = transition(2);
    foreign.alarm.site = "mine".into();
    let refused =
        link.site.take(Timestamp::from_micros(1), vec![transition(1), foreign]).expect_err("foreign");
    assert_eq!(refused.to_string(), "a transition of mine was brought as one of park");
    assert_eq!(link.site.feed().sequence(), 0);
}

#[tokio::test]
async fn what_is_missing_for_ever_is_a_gap_to_every_reader_and_stays_one_after_a_restart() {
    let link = Link::new();
    link.site.excuse(3);
    assert_eq!(link.brings([4, 5]), Ok((5, 2, 3)), "a link that begins late");
    assert!(link.brings([9]).is_err(), "nobody said that 6 to 8 are missing");
    link.site.excuse(8);
    assert_eq!(link.brings([9, 10]), Ok((10, 2, 3)));
    let due = vec![(1, 3), (4, 4), (5, 5), (6, 8), (9, 9), (10, 10)];
    assert_eq!(link.heard(0).await, due);
    let link = link.again();
    assert_eq!(link.heard(0).await, due);
    assert_eq!(
        link.heard(6).await,
        due[3..].iter().map(|gap| if *gap == (6, 8) { (7, 8) } else { *gap }).collect::<Vec<_>>()
    );
    assert_eq!(link.brings([10, 11]), Ok((11, 1, 0)), "it goes on where it was");
    let path = link.folder.path().join("park.sqlite");
    let report = davy_journal::verify(path.as_path()).expect("a journal");
    assert!(report.findings.is_empty(), "{report:?}");
}

#[test]
fn how_far_a_consumer_came_is_known_after_a_restart_until_it_is_forgotten() {
    let link = Link::new();
    link.brings(1..=5).expect("in order");
    let confirms = |link: &Link, sequence| {
        let cursor = Cursor { name: "desk".to_owned(), sequence, at: Timestamp::from_micros(1) };
        link.site.confirm(&cursor).expect("it is open").is_ok()
    };
    let known = |link: &Link| {
        let reader = JournalReader::open(Place::from(&link.folder.path().join("park.sqlite")));
        let cursor = reader.expect("a journal").cursor("desk").expect("it is whole");
        cursor.map(|cursor| cursor.sequence)
    };
    assert!(confirms(&link, 4) && confirms(&link, 2), "an older word is no mistake");
    assert!(!confirms(&link, 6), "nobody brought it yet");
    let link = link.again();
    assert_eq!(known(&link), Some(4), "it never moves back");
    assert!(link.site.forget_cursor("desk").expect("it is open").is_ok());
    assert!(link.site.forget_cursor("desk").expect("it is open").is_ok(), "once more is nothing new");
    let link = link.again();
    assert_eq!(known(&link), None);
    link.site.close().expect("a clean end");
    let cursor = Cursor { name: "desk".to_owned(), sequence: 1, at: Timestamp::from_micros(1) };
    assert!(matches!(link.site.confirm(&cursor), Err(Unfit::Stopping)), "nothing is taken after the end");
}

#[test]
fn what_is_behind_is_told_from_what_the_lower_davy_says() {
    let link = Link::new();
    assert_eq!(link.site.behind(), None, "it said nothing yet");
    link.site.note_head(7);
    assert_eq!(link.site.behind(), Some(7));
    link.brings(1..=3).expect("in order");
    assert_eq!(link.site.behind(), Some(4));
    link.brings(4..=9).expect("in order");
    assert_eq!(link.site.behind(), Some(0), "more came than it had said");
}

#[test]
fn how_alarms_stand_is_known_after_a_restart() {
    let link = Link::new();
    link.brings(1..=9).expect("in order");
    let before = link.standing();
    assert!(!before.is_empty(), "something stands");
    assert_eq!(link.again().standing(), before);
}

#[test]
fn a_journal_that_is_full_lets_the_oldest_go_and_still_knows_how_alarms_stand() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::from(&folder.path().join("park.sqlite"));
    let day = Duration::from_secs(24 * 3600);
    let retention = Retention { keep: day, ..Retention::default() };
    let open = || Forwarded::open(&"park".into(), &"park-davy".into(), &place, retention).expect("a journal");
    let site = open();
    // The last of them raises.
    for sequence in 1..=5 * MARK_EVERY + 1 {
        // Five minutes between each.
        let now = Timestamp::from_micros(i64::try_from(sequence * 300_000_000).expect("small"));
        site.take(now, vec![transition(sequence)]).expect("in order");
    }
    let standing = |site: &Forwarded| -> Vec<u64> {
        site.feed().book().standing().iter().map(|entry| entry.last.sequence).collect()
    };
    let before = standing(&site);
    assert_eq!(before, [5 * MARK_EVERY + 1]);
    site.close().expect("a clean end");
    let reader = JournalReader::open(&place).expect("a journal");
    let first = reader.first_kept().expect("a journal").sequence;
    assert!(first > MARK_EVERY, "nothing of it went: it begins with {first}");
    assert_eq!(standing(&open()), before);
}
