//! The boxes that may speak, and their passwords.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::rights::TokenHash;

/// A box as its file describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownBox {
    /// Its number (MN).
    pub mn: String,
    /// The hash of its password (PW). Six characters are soon guessed from their hash: keep the file as a secret is kept.
    pub password: TokenHash,
}

/// The boxes that may speak, by number.
#[derive(Clone, Debug, Default)]
pub struct Boxes(BTreeMap<String, TokenHash>);

/// A file of boxes that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BoxesError {
    /// Two boxes of one number.
    #[error("box {0} is described twice")]
    Twice(String),
    /// Nobody could speak.
    #[error("no box is described")]
    None,
}

/// What a box is to the listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    Yes,
    WrongPassword,
    No,
}

impl Boxes {
    /// The boxes of a file.
    ///
    /// # Errors
    /// [`BoxesError`].
    pub fn new(boxes: impl IntoIterator<Item = KnownBox>) -> Result<Boxes, BoxesError> {
        let mut known = BTreeMap::new();
        for one in boxes {
            if known.insert(one.mn.clone(), one.password).is_some() {
                return Err(BoxesError::Twice(one.mn));
            }
        }
        if known.is_empty() { Err(BoxesError::None) } else { Ok(Boxes(known)) }
    }

    pub(super) fn know(&self, mn: &str, password: Option<&str>) -> Known {
        let wanted = self.0.get(mn);
        // The hash is made for unknown numbers too: time does not tell which exist.
        let given: TokenHash = Sha256::digest(password.unwrap_or_default().as_bytes()).into();
        let fits = bool::from(given.ct_eq(&wanted.copied().unwrap_or_default()));
        match wanted {
            None => Known::No,
            Some(_) if fits => Known::Yes,
            Some(_) => Known::WrongPassword,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rights::token_hash;

    fn boxed(mn: &str, password: &str) -> KnownBox {
        KnownBox { mn: mn.to_owned(), password: token_hash(password.as_bytes()) }
    }

    #[test]
    fn a_box_is_known_by_its_number_and_its_password() {
        let boxes = Boxes::new([boxed("B1", "123456"), boxed("B2", "")]).expect("two boxes");
        for (mn, password, want) in [
            ("B1", Some("123456"), Known::Yes),
            ("B1", Some("123457"), Known::WrongPassword),
            ("B1", None, Known::WrongPassword),
            ("B2", None, Known::Yes),
            ("B2", Some("123456"), Known::WrongPassword),
            ("B3", Some("123456"), Known::No),
            ("", None, Known::No),
        ] {
            assert_eq!(boxes.know(mn, password), want, "{mn} {password:?}");
        }
    }

    #[test]
    fn a_file_that_names_a_box_twice_or_none_is_refused() {
        let twice = Boxes::new([boxed("B1", "1"), boxed("B1", "2")]);
        assert_eq!(twice.err(), Some(BoxesError::Twice("B1".to_owned())));
        assert_eq!(Boxes::new([]).err(), Some(BoxesError::None));
    }
}
