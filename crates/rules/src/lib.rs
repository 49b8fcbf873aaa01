//! Site and rule files → a checked, compiled plan.
//!
//! Promise: whatever a plant engineer writes is either refused with every error at once, each with its file, line,
//! column, what was found and what was expected, or compiled to a [`Plan`] in which nothing can fail any more: units are
//! converted, limits are ordered, selectors have become lists of tags.
//!
//! It does not know: where files come from, what a reading is, what time it is.

mod annunciation;
mod basis;
mod bundle;
mod cells;
mod choice;
mod compiler;
pub mod coverage;
mod csv_text;
mod dependence;
mod desks;
mod diagnostic;
mod duration;
mod duties;
mod expand;
pub mod expression;
mod fields;
mod figure;
mod formula;
mod glob;
mod hazard_source;
mod kinds;
mod known;
mod level;
mod lint;
mod one_level;
mod order;
mod pack;
mod pack_description;
mod pack_file;
mod pack_use;
mod packs;
mod plan;
pub mod reader;
mod report;
mod rule;
mod rule_file;
pub mod schema;
mod select;
mod selector;
mod site_file;
mod source;
mod tag_row;
mod tags_file;
mod tunes;
mod yaml;

pub use bundle::{bundle, compile, compile_with_warnings, is_site_file, mapping_name};
pub use choice::Choice;
pub use diagnostic::{Code, Diagnostic, Severity};
pub use hazard_source::{Content, HazardMember, HazardSource, HazardUnit, Live, Sourced};
pub use kinds::{
    Balance, Corroborate, Count, CountStep, Cusum, Degraded, Deviation, Downwind, Ewma, Flatline, Formula,
    From, Hazard, HourTable, Hours, Interlock, Keep, ModeTable, Moving, Of, PARTS, Program, QualityWatch,
    RateOfChange, RuleKind, Slope, Spike, Standard, TimeToLimit, Vote, Window,
};
pub use pack::{pack_names, pack_text, with_packs};
pub use pack_description::{PackDescription, PackLevel, PackOption, PackRule, describe_pack};
pub use plan::{Calculated, Level, LimitProgram, NearLimit, Plan, SilenceProgram, Watch, WatchKind};
pub use rule::{Basis, Confidence, Response, Rule, SuppressedWhile};
