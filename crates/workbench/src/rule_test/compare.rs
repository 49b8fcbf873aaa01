//! What happened, beside what was expected.

use davy_model::{AlarmFacts, Tier, Timestamp, Transition};

use super::{
    case::Test,
    offset::Offset,
    report::{Difference, DifferenceKind, Happened},
    want::{Expectation, StateWanted, TransitionWanted, What},
};

/// The differences, in the file's order and then what nobody expected; and all that happened to the alarms that the test
/// looks at.
pub(crate) fn compare(test: &Test, told: &[Transition]) -> (Vec<Difference>, Vec<Happened>) {
    let mut comparison = Comparison { test, told, taken: vec![Taken::No; told.len()] };
    let met: Vec<Option<Difference>> = test.expect.iter().map(|wanted| comparison.met(wanted)).collect();
    let mut differences: Vec<Difference> = Vec::new();
    for (wanted, difference) in test.expect.iter().zip(met) {
        // A near miss is looked for when everything that is met has been taken.
        differences.extend(difference.map(|difference| comparison.explained(wanted, difference)));
    }
    differences.extend(comparison.unexpected());
    (differences, comparison.happened())
}

/// What became of a transition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    No,
    /// It is one that was expected.
    Met,
    /// It is told as what came in place of one that was expected.
    Instead,
}

struct Comparison<'a> {
    test: &'a Test,
    told: &'a [Transition],
    taken: Vec<Taken>,
}

impl Comparison<'_> {
    fn at(&self, transition: &Transition) -> Offset {
        Offset::of(transition.recorded_time, self.test.start)
    }

    fn shown(&self, place: usize) -> Happened {
        let transition = &self.told[place];
        let measured = Offset::of(transition.source_time, self.test.start);
        let expected = self.taken[place] == Taken::Met || transition.actor.is_some();
        Happened::of(transition, self.at(transition), measured, expected)
    }

    /// Nothing, when it is met; else what was expected, and as yet no more.
    fn met(&mut self, wanted: &Expectation) -> Option<Difference> {
        match &wanted.what {
            What::State(state) => self.state(wanted, *state),
            What::Transition(transition) => self.transition(wanted, transition),
        }
    }

    /// Takes the one nearest in time of those that meet it and that no other expectation has taken.
    fn transition(&mut self, wanted: &Expectation, transition: &TransitionWanted) -> Option<Difference> {
        let meets = |place: &usize| {
            let told = &self.told[*place];
            let measured = Offset::of(told.source_time, self.test.start);
            self.taken[*place] == Taken::No && wanted.is_met_by(transition, told, self.at(told), measured)
        };
        match (0..self.told.len()).filter(meets).min_by_key(|place| self.distance(*place, wanted)) {
            Some(place) => {
                self.taken[place] = Taken::Met;
                None
            }
            None => Some(Difference {
                line: wanted.line,
                kind: DifferenceKind::Transition,
                expected: wanted.to_string(),
                got: "no such transition".to_owned(),
            }),
        }
    }

    fn distance(&self, place: usize, wanted: &Expectation) -> u64 {
        let at = self.at(&self.told[place]).as_micros();
        at.abs_diff(Offset::from(wanted.at).as_micros())
    }

    /// The same with what came in its place: the nearest change of the same kind of the same alarm.
    fn explained(&mut self, wanted: &Expectation, difference: Difference) -> Difference {
        let What::Transition(transition) = &wanted.what else { return difference };
        let alike = |place: &usize| {
            let told = &self.told[*place];
            self.taken[*place] == Taken::No && told.alarm == wanted.alarm && told.kind == transition.kind
        };
        match (0..self.told.len()).filter(alike).min_by_key(|place| self.distance(*place, wanted)) {
            Some(place) => {
                self.taken[place] = Taken::Instead;
                Difference { got: self.shown(place).to_string(), ..difference }
            }
            None => difference,
        }
    }

    /// Looks at every way in which the alarm stood while it might.
    fn state(&self, wanted: &Expectation, state: StateWanted) -> Option<Difference> {
        let from = self.test.start.plus(wanted.at).minus(wanted.within);
        let until = self.test.start.plus(wanted.at.saturating_add(wanted.within));
        let changes = self.told.iter().filter(|told| told.alarm == wanted.alarm);
        let between = changes.filter(|told| told.recorded_time > from && told.recorded_time <= until);
        let moments = between.map(|told| told.recorded_time).chain([from, until]);
        let mut facts = moments.map(|moment| self.facts_at(wanted, moment));
        if facts.any(|facts| wanted.is_met_by_state(state, &facts)) {
            return None;
        }
        let facts = self.facts_at(wanted, self.test.start.plus(wanted.at));
        let tier = if facts.stands() { format!(" {}", facts.tier) } else { String::new() };
        Some(Difference {
            line: wanted.line,
            kind: DifferenceKind::State,
            expected: wanted.to_string(),
            got: format!("{}{tier}", facts.state()),
        })
    }

    fn facts_at(&self, wanted: &Expectation, moment: Timestamp) -> AlarmFacts {
        let before =
            self.told.iter().rev().find(|told| told.alarm == wanted.alarm && told.recorded_time <= moment);
        before.map_or_else(|| AlarmFacts::normal(Tier::Blue), |told| told.facts.clone())
    }

    /// What nobody expected. What the test's own operators did is no surprise.
    fn unexpected(&self) -> Vec<Difference> {
        if !self.test.nothing_else {
            return Vec::new();
        }
        let surprising = |place: &usize| {
            let told = &self.told[*place];
            self.taken[*place] == Taken::No && told.actor.is_none() && self.test.scope.holds(told)
        };
        let difference = |place: usize| {
            let happened = self.shown(place);
            Difference {
                line: self.test.line,
                kind: DifferenceKind::Unexpected,
                expected: "nothing else".to_owned(),
                got: format!("{happened} of {}", happened.alarm),
            }
        };
        (0..self.told.len()).filter(surprising).map(difference).collect()
    }

    fn happened(&self) -> Vec<Happened> {
        (0..self.told.len())
            .filter(|place| self.test.scope.holds(&self.told[*place]))
            .map(|place| self.shown(place))
            .collect()
    }
}
