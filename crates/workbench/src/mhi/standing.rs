//! S, R and the class that follow from what there is.

use davy_rules::{HazardMember, HazardSource};

use super::{Class, Holding, reaches};

/// S from which a unit is a major hazard source: GB 18218-2018, 4.2.1.
const S_OF_A_SOURCE: f64 = 1.0;

/// What follows from so much of each member.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// How much of each member, in the order of the source's members.
    pub holdings: Vec<Holding>,
    /// S = Σ q/Q.
    pub s: f64,
    /// R = α·Σ β·q/Q.
    pub r: f64,
    /// The class; none where S is below 1, and the unit is no major hazard source.
    pub class: Option<Class>,
    /// How much more of each member alone would make the class graver, in the order of the source's members; none in class 1.
    pub steps: Vec<Step>,
}

/// What would make the class graver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// So much more, t; above 0.
    pub more_t: f64,
    /// The class then. What is no major hazard source yet becomes one of the class that its R has by then.
    pub class: Class,
}

impl Standing {
    pub(super) fn of(source: &HazardSource, holdings: Vec<Holding>) -> Standing {
        let s: f64 = holdings.iter().map(|holding| holding.ratio).sum();
        let r: f64 = holdings.iter().map(|holding| holding.weighted).sum();
        let class = reaches(s, S_OF_A_SOURCE).then(|| Class::of(r));
        let step = |member| match class {
            Some(class) => class.graver().map(|graver| step_to(graver, r, source, member)),
            None => Some(first_step(s, r, source, member)),
        };
        let steps = source.members.iter().filter_map(step).collect();
        Standing { holdings, s, r, class, steps }
    }
}

fn step_to(class: Class, r: f64, source: &HazardSource, member: &HazardMember) -> Step {
    let more_t = (class.begins() - r) * member.critical_t.value / (source.alpha.value * member.beta.value);
    Step { more_t, class }
}

/// The step to a major hazard source at all.
fn first_step(s: f64, r: f64, source: &HazardSource, member: &HazardMember) -> Step {
    let lacking = S_OF_A_SOURCE - s;
    let class = Class::of(r + source.alpha.value * member.beta.value * lacking);
    Step { more_t: lacking * member.critical_t.value, class }
}
