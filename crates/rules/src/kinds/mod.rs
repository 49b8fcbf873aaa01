//! The rule kinds that judge a value calculated of readings, one file each. Each reads its part of a rule, and says of
//! which tags it makes which calculated tags; what is calculated is the engine's.

pub(crate) mod balance;
pub(crate) mod beside;
pub(crate) mod corroborate;
pub(crate) mod count;
pub(crate) mod cusum;
pub(crate) mod deviation;
pub(crate) mod downwind;
pub(crate) mod ewma;
pub(crate) mod expression;
pub(crate) mod flatline;
pub(crate) mod group;
pub(crate) mod hazard;
pub(crate) mod interlock;
pub(crate) mod moving;
pub(crate) mod quality;
pub(crate) mod rate_of_change;
pub(crate) mod spike;
pub(crate) mod standard;
pub(crate) mod time_to_limit;
pub(crate) mod vote;
pub(crate) mod window;

pub use balance::Balance;
pub use corroborate::Corroborate;
pub use count::{Count, CountStep};
pub use cusum::Cusum;
pub use deviation::{Deviation, From};
pub use downwind::Downwind;
pub use ewma::Ewma;
pub use expression::Formula;
pub use flatline::Flatline;
pub use hazard::Hazard;
pub use interlock::Interlock;
pub use moving::{HourTable, Hours, ModeTable, Moving};
pub use quality::QualityWatch;
pub use rate_of_change::{RateOfChange, Slope};
pub use spike::Spike;
pub use standard::Standard;
pub use time_to_limit::TimeToLimit;
pub use vote::{Degraded, Vote};
pub use window::{Of, Window};

use davy_model::Tier;

use crate::{
    expand::Expansion,
    fields::Item,
    level::{LevelDraft, Scale},
    report::Report,
};

/// What a kind's part of a rule says, before its tags are known.
pub(crate) trait KindDraft {
    /// The trip levels on what is calculated, the least grave first.
    fn levels(&self) -> &[LevelDraft];

    /// Whether their figures are points of a scale, or widths on it.
    fn scale(&self) -> Scale {
        Scale::Point
    }

    /// Makes the calculated tags of a rule.
    fn expand(&self, expansion: &mut Expansion<'_>);

    /// The ids of the rules whose alarms it looks at, with where they stand.
    fn looks_at(&self) -> &[(String, crate::report::Place)] {
        &[]
    }
}

/// How long, and how finely, readings of an input are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// The readings of this long, µs, the last of each part of it; none are kept when 0.
    pub readings_us: i64,
    /// Summaries of this long, µs; none are kept when 0.
    pub cells_us: i64,
}

/// Into so many parts the time is divided for which readings or summaries are kept: that many are kept at most, and one.
pub const PARTS: i64 = 120;

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident($program:ident) $word:literal $module:ident;)+) => {
        /// What kinds of rule there are.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum RuleKind {
            /// Ordered trip levels on one tag's value.
            Limit,
            /// No usable reading for too long.
            Stale,
            $($(#[doc = $doc])+ $variant,)+
        }

        /// What is calculated, with its figures.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Program {
            $($(#[doc = $doc])+ $variant($program),)+
        }

        impl RuleKind {
            /// All kinds.
            pub const ALL: &[RuleKind] = &[RuleKind::Limit, RuleKind::Stale, $(RuleKind::$variant,)+];

            /// The word in files and on the wire.
            pub const fn word(self) -> &'static str {
                match self {
                    RuleKind::Limit => "limit",
                    RuleKind::Stale => "stale",
                    $(RuleKind::$variant => $word,)+
                }
            }
        }

        impl Program {
            /// What must be kept of each input.
            pub fn keep(&self) -> Keep {
                match self {
                    $(Program::$variant(program) => program.keep(),)+
                }
            }
        }

        /// The words of all kinds.
        pub(crate) const WORDS: &[&str] = &["limit", "stale", $($word,)+];

        /// The keys of the part of a rule that stands under the word of a kind of calculated tags; none of another word.
        pub(crate) fn keys(word: &str) -> Vec<&'static str> {
            match word {
                $($word => $module::keys(),)+
                _ => Vec::new(),
            }
        }

        /// Reads the part of a rule that stands under the word of a kind.
        pub(crate) fn read(
            word: &str,
            item: &Item<'_>,
            about: &str,
            report: &mut Report,
        ) -> Option<(RuleKind, Box<dyn KindDraft>)> {
            match word {
                $($word => {
                    let draft = $module::read(item, &format!("{about}: {word}"), report)?;
                    Some((RuleKind::$variant, Box::new(draft)))
                })+
                _ => None,
            }
        }
    };
}

kinds! {
    /// How fast a tag's value changes.
    RateOfChange(RateOfChange) "rate_of_change" rate_of_change;
    /// Mean, greatest or least value of a tag over a rolling window.
    Window(Window) "window" window;
    /// A tag's value does not move.
    Flatline(Flatline) "flatline" flatline;
    /// How far a tag's value lies from what it should be near to.
    Deviation(Deviation) "deviation" deviation;
    /// One reading far from those before it.
    Spike(Spike) "spike" spike;
    /// How long until a tag's value reaches a limit, as it goes now.
    TimeToLimit(TimeToLimit) "time_to_limit" time_to_limit;
    /// The sum of what a tag's value was off its target, less what is allowed.
    Cusum(Cusum) "cusum" cusum;
    /// An exponentially weighted mean of how far a tag's value is off its target.
    Ewma(Ewma) "ewma" ewma;
    /// A tag's readings come with a certain quality.
    Quality(QualityWatch) "quality" quality;
    /// M of N tags past a limit.
    Vote(Vote) "vote" vote;
    /// So many alarms at a tier make one of another.
    Count(Count) "count" count;
    /// What was commanded has not happened.
    Interlock(Interlock) "interlock" interlock;
    /// Several devices say the same at about the same time.
    Corroborate(Corroborate) "corroborate" corroborate;
    /// What goes in, less what comes out, less what is stored.
    Balance(Balance) "balance" balance;
    /// S or R of a hazard source, by what is in it now.
    Hazard(Hazard) "hazard" hazard;
    /// A number or a condition made of several tags.
    Expression(Formula) "expression" expression;
}

/// The words of the kinds that look at alarms of other rules, and so need no tags of their own.
pub(crate) const LOOK_AT_ALARMS: &[&str] = &["count", "corroborate"];

/// The gravest tier of levels.
pub(crate) fn tier_max(levels: &[LevelDraft]) -> Tier {
    levels.iter().map(|level| level.tier).max().unwrap_or(Tier::Blue)
}
