//! The inputs that new ones are made from: those that came to something no other did.

use std::collections::BTreeMap;

use super::Dice;

/// The most that are kept; what comes to something new after that is let go.
const LEN_MAX: usize = 2000;

/// Inputs, and what each came to.
#[derive(Debug, Default)]
pub(super) struct Pool {
    inputs: Vec<Vec<u8>>,
    /// By signature.
    places: BTreeMap<u64, usize>,
    /// How many were given at the start.
    given: usize,
}

impl Pool {
    /// Adds an input of the corpus, whatever it comes to.
    pub(super) fn give(&mut self, signature: u64, input: Vec<u8>) {
        self.places.entry(signature).or_insert(self.inputs.len());
        self.inputs.push(input);
        self.given = self.inputs.len();
    }

    /// Keeps an input that came to something new, or that is shorter than the one kept for it.
    pub(super) fn note(&mut self, signature: u64, input: &[u8]) {
        match self.places.get(&signature) {
            Some(&place) if place >= self.given && input.len() < self.inputs[place].len() => {
                self.inputs[place] = input.to_vec();
            }
            Some(_) => {}
            None if self.inputs.len() < LEN_MAX + self.given => {
                self.places.insert(signature, self.inputs.len());
                self.inputs.push(input.to_vec());
            }
            None => {}
        }
    }

    /// Any of them.
    pub(super) fn any(&self, dice: &mut Dice) -> &[u8] {
        if self.inputs.is_empty() { &[] } else { dice.one_of::<Vec<u8>>(&self.inputs) }
    }

    /// How many different things the inputs came to.
    pub(super) fn kinds(&self) -> usize {
        self.places.len()
    }

    /// Those that came to something new.
    pub(super) fn found(&self) -> &[Vec<u8>] {
        &self.inputs[self.given..]
    }
}
