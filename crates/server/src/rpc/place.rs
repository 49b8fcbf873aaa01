//! Where a page of a list that changes begins.

use tonic::Status;

use super::status;

/// Behind which entry a page begins. Where that one has left the list since, what has come to its place is next.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    at: usize,
    id: String,
}

impl Place {
    /// What a token says; the beginning, when it is empty.
    ///
    /// # Errors
    /// `RESUME_TOKEN_INVALID`.
    pub(super) fn parse(token: &str) -> Result<Place, Status> {
        if token.is_empty() {
            return Ok(Place::default());
        }
        let parts = token.split_once('/').and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
        let (at, id) = parts.ok_or_else(|| status::wrong_token(token))?;
        Ok(Place { at, id })
    }

    /// The page of `all` that begins here, and the token of the next; empty when there is none.
    pub(super) fn page<T>(&self, all: Vec<T>, len: usize, id: impl Fn(&T) -> &str) -> (Vec<T>, String) {
        let known = all.iter().position(|one| id(one) == self.id).map(|place| place + 1);
        let begin = known.unwrap_or(self.at);
        let end = begin.saturating_add(len);
        let is_last = all.len() <= end;
        let page: Vec<T> = all.into_iter().skip(begin).take(len).collect();
        let next = page.last().filter(|_| !is_last).map(|last| format!("{}/{}", end - 1, id(last)));
        (page, next.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(all: &[&'static str], token: &str) -> (Vec<&'static str>, String) {
        Place::parse(token).expect("a token").page(all.to_vec(), 2, |one| one)
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
        for token in ["b", "x/b", "-1/b", "/"] {
            assert!(Place::parse(token).is_err(), "{token}");
        }
    }
}
