//! What was refused or odd, kept so that somebody can look, mend, and send it again: a ring bounded by count and by bytes.
//!
//! One letter a message, with its whole payload and what is wrong with it. Beside the ring every kind of problem is counted:
//! by edge node, reason, and place in the payload; a count goes on when its letters are long gone.
//!
//! The ring knows what of it is not in the [file](crate::LetterStore) yet. So it is the queue to that file as well: whoever
//! keeps a letter never waits for a disk, and what a failing disk did not take is still here for the next try.

use std::collections::{BTreeSet, VecDeque};
use std::sync::OnceLock;
use std::thread::Thread;

use davy_model::Timestamp;
use parking_lot::Mutex;

use crate::Rejection;
use crate::letter::{DeadLetter, LetterFilter, Origin};
use crate::letter_groups::{Group, Groups};

/// The ring. The oldest letters make room for the newest, and are counted.
#[derive(Debug)]
pub struct DeadLetters {
    count_max: usize,
    bytes_max: usize,
    ring: Mutex<Ring>,
    /// Who writes the file, and sleeps while there is nothing to write.
    keeper: OnceLock<Thread>,
}

#[derive(Debug, Default)]
struct Ring {
    letters: VecDeque<DeadLetter>,
    groups: Groups,
    bytes: usize,
    /// The number given last.
    last_number: u64,
    written: u64,
    evicted: u64,
    /// The letters up to this number are in the file.
    saved_to: u64,
    /// Letters that were sent again since the file was told.
    marked: BTreeSet<u64>,
}

/// What an inbox has that its file has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unsaved {
    /// Letters the file does not have, the oldest first.
    pub(crate) letters: Vec<DeadLetter>,
    /// More letters than these are not in the file.
    pub(crate) has_more: bool,
    /// Letters the file has, that were sent again.
    pub(crate) replayed: Vec<(u64, Timestamp)>,
    /// Kinds whose counts are others in the file.
    pub(crate) groups: Vec<Group>,
    /// The oldest letter that is still kept has this number.
    pub(crate) oldest: u64,
    /// The number given last.
    pub(crate) last_number: u64,
}

/// What a file had of an inbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Saved {
    /// Its letters, the oldest first.
    pub(crate) letters: Vec<DeadLetter>,
    /// Its kinds.
    pub(crate) groups: Vec<Group>,
    /// No number up to this may be given again.
    pub(crate) last_number: u64,
}

impl DeadLetters {
    /// A ring of at most `count_max` letters and `bytes_max` bytes; at least one letter is always kept.
    pub fn new(count_max: usize, bytes_max: usize) -> DeadLetters {
        let keeper = OnceLock::new();
        DeadLetters { count_max: count_max.max(1), bytes_max, ring: Mutex::default(), keeper }
    }

    /// Keeps a message and its findings, if it has any.
    pub fn keep(&self, origin: &Origin, findings: &[Rejection], payload: &[u8]) {
        if findings.is_empty() {
            return;
        }
        let mut ring = self.ring.lock();
        ring.written += 1;
        ring.last_number += 1;
        let letter = DeadLetter::new(ring.last_number, origin, findings, payload);
        ring.groups.note(&letter, findings);
        ring.bytes += letter.weight_bytes();
        ring.letters.push_back(letter);
        self.evict(&mut ring);
        drop(ring);
        self.wake();
    }

    /// The newest letters that match, newest first, at most `limit`.
    pub fn list(&self, filter: &LetterFilter, limit: usize) -> Vec<DeadLetter> {
        let ring = self.ring.lock();
        ring.letters.iter().rev().filter(|letter| filter.takes(letter)).take(limit).cloned().collect()
    }

    /// The letter of that number, while it is kept.
    pub fn get(&self, number: u64) -> Option<DeadLetter> {
        let ring = self.ring.lock();
        ring.letters.iter().find(|letter| letter.number == number).cloned()
    }

    /// Notes that a letter was sent again.
    pub fn note_replayed(&self, number: u64, at: Timestamp) {
        let mut ring = self.ring.lock();
        if let Some(letter) = ring.letters.iter_mut().find(|letter| letter.number == number) {
            letter.replayed = Some(at);
            ring.marked.insert(number);
        }
        drop(ring);
        self.wake();
    }

    /// Every kind of problem that ever came, the most frequent first.
    pub fn groups(&self) -> Vec<Group> {
        self.ring.lock().groups.list()
    }

    /// Letters written since the process began.
    pub fn written(&self) -> u64 {
        self.ring.lock().written
    }

    /// Letters that made room for newer ones since the process began.
    pub fn evicted(&self) -> u64 {
        self.ring.lock().evicted
    }

    /// Letters, and marks on letters, that are not in the file yet; all there are, when no file is kept.
    pub fn unsaved_len(&self) -> usize {
        let ring = self.ring.lock();
        let letters = ring.letters.iter().rev().take_while(|letter| letter.number > ring.saved_to).count();
        letters + ring.marked.iter().filter(|number| **number <= ring.saved_to).count()
    }

    /// The number given last.
    pub(crate) fn last_number(&self) -> u64 {
        self.ring.lock().last_number
    }

    /// From now on this thread is woken when there is something to write.
    pub(crate) fn kept_by(&self, keeper: Thread) {
        // A second file would have nothing to say: the first is the file.
        let _ = self.keeper.set(keeper);
    }

    /// Takes in what the file had. What came meanwhile is newer, and is numbered after it.
    pub(crate) fn restore(&self, saved: Saved) {
        let mut ring = self.ring.lock();
        let meanwhile = std::mem::take(&mut ring.letters);
        let before = saved.last_number;
        let renumbered =
            meanwhile.into_iter().map(|letter| DeadLetter { number: letter.number + before, ..letter });
        ring.bytes += saved.letters.iter().map(DeadLetter::weight_bytes).sum::<usize>();
        ring.letters = saved.letters.into_iter().chain(renumbered).collect();
        ring.groups.restore(saved.groups, before);
        ring.marked = std::mem::take(&mut ring.marked).into_iter().map(|number| number + before).collect();
        ring.last_number += before;
        ring.saved_to = before;
        self.evict(&mut ring);
    }

    /// What the file has to be told: letters of at most `bytes_max` bytes, or one that is longer. `None` when it has all.
    pub(crate) fn unsaved(&self, bytes_max: usize) -> Option<Unsaved> {
        let ring = self.ring.lock();
        let from = ring.letters.partition_point(|letter| letter.number <= ring.saved_to);
        let mut bytes = 0;
        let fits = |letter: &&DeadLetter| {
            let is_first = bytes == 0;
            bytes += letter.weight_bytes();
            is_first || bytes <= bytes_max
        };
        let letters: Vec<_> = ring.letters.range(from..).take_while(fits).cloned().collect();
        let has_more = from + letters.len() < ring.letters.len();
        let of_file = ring.letters.range(..from).filter(|letter| ring.marked.contains(&letter.number));
        let replayed: Vec<_> = of_file.filter_map(|letter| Some((letter.number, letter.replayed?))).collect();
        let groups = ring.groups.unsaved();
        let (oldest, last_number) =
            (ring.letters.front().map_or(ring.last_number + 1, |letter| letter.number), ring.last_number);
        let is_nothing = letters.is_empty() && replayed.is_empty() && groups.is_empty();
        (!is_nothing).then_some(Unsaved { letters, has_more, replayed, groups, oldest, last_number })
    }

    /// The file has that now.
    pub(crate) fn note_saved(&self, told: &Unsaved) {
        let mut ring = self.ring.lock();
        if let Some(last) = told.letters.last() {
            ring.saved_to = ring.saved_to.max(last.number);
        }
        let now_saved = |number: u64, replayed| {
            ring.letters
                .binary_search_by_key(&number, |letter| letter.number)
                .is_ok_and(|at| ring.letters[at].replayed == replayed)
        };
        let of_letters = told.letters.iter().map(|letter| (letter.number, letter.replayed));
        let of_marks = told.replayed.iter().map(|(number, at)| (*number, Some(*at)));
        let done: Vec<u64> = of_letters
            .chain(of_marks)
            .filter(|(number, replayed)| now_saved(*number, *replayed))
            .map(|(number, _)| number)
            .collect();
        done.iter().for_each(|number| {
            ring.marked.remove(number);
        });
        ring.groups.note_saved(&told.groups);
    }

    /// The file is another, and empty.
    pub(crate) fn forget_saved(&self) {
        let mut ring = self.ring.lock();
        ring.saved_to = 0;
        ring.groups.forget_saved();
    }

    fn evict(&self, ring: &mut Ring) {
        while ring.letters.len() > self.count_max || (ring.bytes > self.bytes_max && ring.letters.len() > 1) {
            let Some(oldest) = ring.letters.pop_front() else { return };
            ring.bytes -= oldest.weight_bytes();
            ring.evicted += 1;
            ring.marked.remove(&oldest.number);
        }
    }

    fn wake(&self) {
        if let Some(keeper) = self.keeper.get() {
            keeper.unpark();
        }
    }
}

#[cfg(test)]
mod tests {
    use davy_model::{Reason, Severity};

    use super::*;
    use crate::remark::remark;

    fn origin(edge_node: &str) -> Origin {
        Origin {
            arrival: Timestamp::from_micros(7),
            site: "park".into(),
            edge_node: edge_node.into(),
            topic: format!("davy/v1/park/{edge_node}/readings").into(),
            sender: None,
        }
    }

    fn finding(reason: Reason) -> Rejection {
        remark(reason, "x", "y", "z")
    }

    #[test]
    fn the_oldest_make_room_and_are_counted() {
        let letters = DeadLetters::new(3, 1 << 20);
        for _ in 0..5 {
            letters.keep(&origin("gw-1"), &[finding(Reason::PointUnknown)], b"{}");
        }
        let kept = letters.list(&LetterFilter::default(), 10);
        assert_eq!(kept.iter().map(|letter| letter.number).collect::<Vec<_>>(), [5, 4, 3]);
        assert_eq!((letters.written(), letters.evicted()), (5, 2));
        assert_eq!(letters.groups()[0].messages, 5, "the count goes on");
    }

    #[test]
    fn a_message_with_very_many_findings_is_one_letter_and_bounded() {
        let letters = DeadLetters::new(3, 1 << 20);
        letters.keep(&origin("gw-1"), &vec![finding(Reason::FieldType); 10_000], b"{}");
        let letter = &letters.list(&LetterFilter::default(), 10)[0];
        assert_eq!((letter.findings.len(), letter.findings_omitted, letter.rejected), (100, 9_900, 10_000));
    }

    #[test]
    fn the_bytes_are_bounded_and_payloads_are_whole() {
        let letters = DeadLetters::new(1000, 500_000);
        for _ in 0..10 {
            letters.keep(&origin("gw-1"), &[finding(Reason::JsonSyntax)], &vec![b'x'; 100_000]);
        }
        let kept = letters.list(&LetterFilter::default(), 10);
        assert_eq!(kept.len(), 4);
        assert!(kept.iter().all(|letter| letter.payload.len() == 100_000));
    }

    #[test]
    fn a_list_can_be_narrowed_and_paged() {
        let letters = DeadLetters::new(10, 1 << 20);
        let at = |reason, pointer: &str| Rejection { pointer: pointer.to_owned(), ..finding(reason) };
        letters.keep(&origin("gw-1"), &[at(Reason::OutOfSensorRange, "/readings/0/value")], b"{}");
        letters.keep(&origin("gw-1"), &[at(Reason::PointUnknown, "/readings/1/tag")], b"{}");
        letters.keep(&origin("gw-2"), &[at(Reason::PointUnknown, "/readings/2/tag")], b"{}");
        let numbers = |filter: LetterFilter| -> Vec<u64> {
            letters.list(&filter, 10).iter().map(|letter| letter.number).collect()
        };
        let any = LetterFilter::default;
        assert_eq!(numbers(LetterFilter { reason: Some(Reason::PointUnknown), ..any() }), [3, 2]);
        assert_eq!(numbers(LetterFilter { severity_at_least: Some(Severity::Reject), ..any() }), [3, 2]);
        assert_eq!(numbers(LetterFilter { edge_node: Some("gw-1".into()), ..any() }), [2, 1]);
        assert_eq!(numbers(LetterFilter { pointer: Some("/readings/*/tag".into()), ..any() }), [3, 2]);
        assert_eq!(numbers(LetterFilter { before: Some(3), ..any() }), [2, 1]);
    }
}
