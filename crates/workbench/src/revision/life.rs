//! What may be done with a revision, by whom, and where it stands then. Who did it and when is kept elsewhere.

/// Where a revision stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Wanted; nobody has agreed yet.
    Proposed,
    /// Agreed to.
    Approved,
    /// Agreed to, and judged beside what is active.
    Shadow,
    /// What the site is judged by.
    Active,
    /// Was active.
    Retired,
    /// Not wanted.
    Rejected,
}

impl State {
    /// Every state.
    pub const ALL: [State; 6] =
        [State::Proposed, State::Approved, State::Shadow, State::Active, State::Retired, State::Rejected];

    /// The word in answers and tables.
    pub const fn word(self) -> &'static str {
        match self {
            State::Proposed => "proposed",
            State::Approved => "approved",
            State::Shadow => "shadow",
            State::Active => "active",
            State::Retired => "retired",
            State::Rejected => "rejected",
        }
    }

    /// The state of that word.
    pub fn from_word(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether it waits to be decided on or to become active.
    pub const fn is_open(self) -> bool {
        matches!(self, State::Proposed | State::Approved | State::Shadow)
    }
}

/// What decides on what may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life<'a> {
    /// Where it stands.
    pub state: State,
    /// Who proposed it.
    pub proposer: &'a str,
    /// Whether somebody else must agree.
    pub needs_second_person: bool,
    /// The revision that it was proposed in place of.
    pub base: &'a str,
}

/// What somebody wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act<'a> {
    /// To propose it again, after it was rejected or retired.
    Propose,
    /// To agree.
    Approve {
        /// Who.
        actor: &'a str,
    },
    /// Not to agree, or to take it back.
    Reject,
    /// To judge it beside what is active.
    Shadow,
    /// To do so no longer.
    EndShadow,
    /// To make it active.
    Activate {
        /// The revision that is active now.
        active: &'a str,
    },
    /// To make it, which was active before, active again in place of what came after it.
    Restore,
    /// To have something else take its place.
    Retire,
}

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RevisionRefusal {
    /// Not from where it stands.
    #[error("it is {}; that needs one that is {expected}", state.word())]
    State {
        /// Where it stands.
        state: State,
        /// Where it would have to stand.
        expected: &'static str,
    },
    /// It loosens what is grave, and one person wants it alone.
    #[error(
        "it loosens, or may loosen, an orange or red alarm: somebody other than {proposer}, who proposed it, must approve"
    )]
    SecondPersonNeeded {
        /// Who proposed it.
        proposer: String,
    },
    /// What was judged when it was proposed is no longer what would change.
    #[error(
        "it was proposed in place of {base}, and {active} is active now: propose it again, so that what changes is seen"
    )]
    BaseMoved {
        /// In place of what it was proposed.
        base: String,
        /// What is active.
        active: String,
    },
}

impl RevisionRefusal {
    /// The reason code.
    pub const fn word(&self) -> &'static str {
        match self {
            RevisionRefusal::State { .. } => "REVISION_STATE",
            RevisionRefusal::SecondPersonNeeded { .. } => "SECOND_PERSON_NEEDED",
            RevisionRefusal::BaseMoved { .. } => "REVISION_BASE_MOVED",
        }
    }
}

impl Life<'_> {
    /// Where it stands after that.
    ///
    /// # Errors
    /// [`RevisionRefusal`]; it stands where it stood then.
    pub fn after(&self, act: Act<'_>) -> Result<State, RevisionRefusal> {
        use State::{Active, Approved, Proposed, Rejected, Retired, Shadow};
        match (act, self.state) {
            (Act::Propose, Rejected | Retired) => Ok(Proposed),
            (Act::Propose, _) => self.refuse("new, rejected or retired"),
            (Act::Approve { actor }, Proposed) => self.approve(actor),
            (Act::Approve { .. }, _) => self.refuse("proposed"),
            (Act::Reject, Proposed | Approved | Shadow) => Ok(Rejected),
            (Act::Reject, _) => self.refuse("proposed, approved or in shadow"),
            (Act::Shadow, Approved) => Ok(Shadow),
            (Act::Shadow, _) => self.refuse("approved"),
            (Act::EndShadow, Shadow) => Ok(Approved),
            (Act::EndShadow, _) => self.refuse("in shadow"),
            (Act::Activate { active }, Approved | Shadow) if active == self.base => Ok(Active),
            (Act::Activate { active }, Approved | Shadow) => {
                Err(RevisionRefusal::BaseMoved { base: self.base.to_owned(), active: active.to_owned() })
            }
            (Act::Activate { .. }, _) => self.refuse("approved or in shadow"),
            // Whatever is wanted of it now: it was active once, and going back must not have to wait.
            (Act::Restore, Active) => self.refuse("not active"),
            (Act::Restore, _) => Ok(Active),
            (Act::Retire, Active) => Ok(Retired),
            (Act::Retire, _) => self.refuse("active"),
        }
    }

    fn refuse(&self, expected: &'static str) -> Result<State, RevisionRefusal> {
        Err(RevisionRefusal::State { state: self.state, expected })
    }

    fn approve(&self, actor: &str) -> Result<State, RevisionRefusal> {
        let same = |a: &str, b: &str| a.trim().to_lowercase() == b.trim().to_lowercase();
        if self.needs_second_person && same(actor, self.proposer) {
            return Err(RevisionRefusal::SecondPersonNeeded { proposer: self.proposer.to_owned() });
        }
        Ok(State::Approved)
    }
}
