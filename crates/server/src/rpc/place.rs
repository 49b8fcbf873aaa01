//! Where a page of a list that changes begins.

use davy_proto::v1 as wire;
use prost::Message;
use tonic::Status;

use super::{lens::Rank, page_len::OF_ENTRIES, question::question, status};

/// A request for a page of a list.
pub(super) trait Paged: Message + Clone {
    /// Takes out what makes out a page: the size that is asked for, and the token. What is left is the question.
    fn take_page(&mut self) -> (i32, String);
}

macro_rules! paged {
    ($($request:ident),*) => { $(
        impl Paged for wire::$request {
            fn take_page(&mut self) -> (i32, String) {
                (std::mem::take(&mut self.page_size), std::mem::take(&mut self.page_token))
            }
        }
    )* };
}

paged!(AlarmServiceListRequest, RuleServiceListRequest, DeviceServiceListRequest);

/// Behind which place in the list a page begins, how long it is, and of which question it is. The place is that of the last entry
/// told, as it was then: where it stands now, and whether it is there, makes no difference.
#[derive(Debug)]
pub(super) struct Place {
    question: String,
    len: usize,
    behind: Option<Rank>,
}

impl Place {
    /// The page that a request asks for; the first, when its token is empty.
    ///
    /// # Errors
    /// `REQUEST_INVALID` when its page size is negative, `RESUME_TOKEN_INVALID` when the token is none, or one of another
    /// question.
    pub(super) fn of(request: &impl Paged) -> Result<Place, Status> {
        let mut asked = request.clone();
        let (size, token) = asked.take_page();
        let (question, len) = (question(&asked), OF_ENTRIES.of(size)?);
        let behind = |token: &str| Rank::read(token.strip_prefix(&question)?.strip_prefix('.')?);
        let behind = match &*token {
            "" => None,
            token => Some(behind(token).ok_or_else(|| status::wrong_token(token))?),
        };
        Ok(Place { question, len, behind })
    }

    /// The page of `all`, in their order, that begins here, and the token of the next; empty when there is none.
    pub(super) fn page<T>(&self, all: Vec<(Rank, T)>) -> Page<T> {
        let total = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let is_told =
            |(rank, _): &(Rank, T)| self.behind.as_ref().is_some_and(|last| rank.compare(last).is_le());
        let begin = all.partition_point(is_told);
        let is_last = all.len() - begin <= self.len;
        let page: Vec<(Rank, T)> = all.into_iter().skip(begin).take(self.len).collect();
        let last = page.last().filter(|_| !is_last);
        let next = last.map(|(rank, _)| format!("{}.{rank}", self.question)).unwrap_or_default();
        Page { entries: page.into_iter().map(|(_, one)| one).collect(), next, total }
    }
}

/// One page of a list.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub(super) entries: Vec<T>,
    /// The token of the next page; empty when there is none.
    pub(super) next: String,
    /// How many entries the list has.
    pub(super) total: u32,
}

#[cfg(test)]
mod tests {
    use super::{super::lens::Step, *};

    type Request = wire::RuleServiceListRequest;

    fn of(site: &str, page_size: i32, page_token: &str) -> Request {
        Request { site: site.to_owned(), page_size, page_token: page_token.to_owned(), ..Default::default() }
    }

    /// `3c 1a 2b`: entries in their order, each by a number and then its name.
    fn list(text: &str) -> Vec<(Rank, &str)> {
        let one = |word| {
            let (number, name) = str::split_at(word, 1);
            let number: i32 = number.parse().expect("a number");
            (Rank::of([Step::up(number), Step::up(&name.to_owned())]), name)
        };
        let mut all: Vec<_> = text.split_whitespace().map(one).collect();
        all.sort_by(|(one, _), (other, _)| one.compare(other));
        all
    }

    /// The names on all pages of two, where the list is another at every page; the last one stays.
    fn turned(lists: &[&str]) -> String {
        let (mut token, mut told) = (String::new(), Vec::new());
        for nth in 0.. {
            let all = list(lists[nth.min(lists.len() - 1)]);
            let due = all.len();
            let page = Place::of(&of("park", 2, &token)).expect("a token").page(all);
            assert_eq!(page.total as usize, due);
            told.push(page.entries.concat());
            token = page.next;
            if token.is_empty() {
                break;
            }
        }
        told.join(" ")
    }

    #[test]
    fn pages_tell_all_that_stayed_as_it_was_once_whatever_else_came_went_and_moved() {
        let all = "1a 2b 3c 4d 5e";
        for (what, lists, due) in [
            ("nothing changed", &[all][..], "ab cd e"),
            ("they differ in their names alone", &["1a 1b 1c 1d 1e"], "ab cd e"),
            ("there are none", &[""], ""),
            ("a whole page is the last", &["1a 2b 3c 4d"], "ab cd"),
            ("some came before", &[all, "0x 0y 1a 2b 3c 4d 5e"], "ab cd e"),
            ("one came behind", &[all, "1a 2b 3c 3x 4d 5e"], "ab cx de"),
            ("one before went", &[all, "2b 3c 4d 5e"], "ab cd e"),
            ("the last told went", &[all, "1a 3c 4d 5e"], "ab cd e"),
            ("the last told went, and one before it", &[all, "3c 4d 5e"], "ab cd e"),
            ("the last told moved to the end", &[all, "1a 3c 4d 5e 9b"], "ab cd eb"),
            ("the last told moved to the front", &[all, "0b 1a 3c 4d 5e"], "ab cd e"),
            ("both told moved to the end", &[all, "3c 4d 5e 8a 9b"], "ab cd ea b"),
            ("one not told moved to the front", &[all, "0e 1a 2b 3c 4d"], "ab cd"),
            ("all went", &[all, ""], "ab "),
        ] {
            assert_eq!(turned(lists), due, "{what}");
        }
    }

    #[test]
    fn a_token_is_good_for_its_own_question_alone() {
        let first = Place::of(&of("park", 1, "")).expect("the first page");
        let own = first.page(list("1a 2b")).next;
        assert!(Place::of(&of("park", 7, &own)).is_ok(), "a page may have another size");
        for (site, token) in [
            ("city", own.as_str()),
            ("park", "b"),
            ("park", "1/b"),
            ("park", &own[1..]),
            ("park", &own[..16]),
            ("park", &own[..17]),
        ] {
            let refused = Place::of(&of(site, 1, token)).expect_err("no token of this question");
            assert!(refused.message().contains("not a token"), "{site} {token}: {refused}");
        }
    }

    #[test]
    fn a_page_has_a_length_that_can_be_had() {
        for (asked, due) in [(0, 100), (1, 1), (1000, 1000), (1001, 1000), (i32::MAX, 1000)] {
            assert_eq!(Place::of(&of("park", asked, "")).expect("a size").len, due, "{asked}");
        }
        assert!(Place::of(&of("park", -1, "")).is_err());
    }
}
