//! Where a page of a list that changes begins.

use std::borrow::Cow;

use davy_proto::v1 as wire;
use prost::Message;
use tonic::Status;

use super::{page_len::OF_ENTRIES, question::question, status};

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

/// Behind which entry a page begins, how long it is, and of which question it is. Where that entry has left the list since,
/// what has come to its place is next.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    question: String,
    len: usize,
    at: usize,
    id: String,
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
        let begin = Place { question: question(&asked), len: OF_ENTRIES.of(size)?, ..Place::default() };
        if token.is_empty() {
            return Ok(begin);
        }
        let behind = |token: &str| {
            let (at, id) = token.strip_prefix(&begin.question)?.strip_prefix('.')?.split_once('/')?;
            Some((at.parse().ok()?, id.to_owned()))
        };
        let (at, id) = behind(&token).ok_or_else(|| status::wrong_token(&token))?;
        Ok(Place { at, id, ..begin })
    }

    /// The page of `all` that begins here, and the token of the next; empty when there is none.
    pub(super) fn page<T>(&self, all: Vec<T>, id: impl Fn(&T) -> Cow<'_, str>) -> Page<T> {
        let total = u32::try_from(all.len()).unwrap_or(u32::MAX);
        let known = all.iter().position(|one| id(one) == self.id).map(|place| place + 1);
        let begin = known.unwrap_or(self.at);
        let end = begin.saturating_add(self.len);
        let is_last = all.len() <= end;
        let entries: Vec<T> = all.into_iter().skip(begin).take(self.len).collect();
        let last = entries.last().filter(|_| !is_last);
        let next = last.map(|last| format!("{}.{}/{}", self.question, end - 1, id(last)));
        Page { entries, next: next.unwrap_or_default(), total }
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
    use super::*;

    type Request = wire::RuleServiceListRequest;

    fn of(site: &str, page_size: i32, page_token: &str) -> Request {
        Request { site: site.to_owned(), page_size, page_token: page_token.to_owned(), ..Default::default() }
    }

    /// A page of two, and the token behind it without the question it is good for.
    fn page(all: &[&'static str], token: &str) -> (Vec<&'static str>, String) {
        let asked = question(&of("park", 0, ""));
        let token = if token.is_empty() { String::new() } else { format!("{asked}.{token}") };
        let place = Place::of(&of("park", 2, &token)).expect("a token");
        let page = place.page(all.to_vec(), |one| Cow::Borrowed(*one));
        assert_eq!(page.total as usize, all.len());
        let next = page.next.strip_prefix(&format!("{asked}.")).unwrap_or(&page.next);
        (page.entries, next.to_owned())
    }

    #[test]
    fn pages_follow_each_other_also_when_the_list_changes_in_between() {
        let all = ["a", "b", "c", "d", "e"];
        for (all, token, due, next) in [
            (&all[..], "", &["a", "b"][..], "1/b"),
            (&all, "1/b", &["c", "d"], "3/d"),
            (&all, "3/d", &["e"], ""),
            // Another came before; the last one told is gone; all are gone.
            (&["z", "a", "b", "c"], "1/b", &["c"], ""),
            (&["a", "c", "d", "e"], "1/b", &["c", "d"], "2/d"),
            (&["a"], "9/x", &[], ""),
        ] {
            assert_eq!(page(all, token), (due.to_vec(), next.to_owned()), "{all:?} after {token:?}");
        }
    }

    #[test]
    fn a_token_is_good_for_its_own_question_alone() {
        let first = Place::of(&of("park", 1, "")).expect("the first page");
        let own = first.page(vec!["a", "b"], |one| Cow::Borrowed(*one)).next;
        assert!(Place::of(&of("park", 7, &own)).is_ok(), "a page may have another size");
        for (site, token) in [
            ("city", own.as_str()),
            ("park", "b"),
            ("park", "1/b"),
            ("park", &own[1..]),
            ("park", &own[..16]),
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
