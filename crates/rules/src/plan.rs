//! The compiled set: what the engine runs.

use std::{ops::Range, sync::Arc};

use davy_model::{Comparator, Site, TagIndex, Tier, Unit};

use crate::{HazardSource, Program, Rule};

/// A site and its rules under one revision, checked and compiled.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// First 12 hex digits of the SHA-256 over the files.
    pub revision: Arc<str>,
    /// The site.
    pub site: Site,
    /// Its units that may be major hazard sources, in the file's order.
    pub hazard_sources: Vec<HazardSource>,
    /// Its rules, sorted by id.
    pub rules: Vec<Rule>,
    /// Trip levels, one program for every rule and unit of tag it meets.
    pub limits: Vec<LimitProgram>,
    /// Silence watches, one program for every rule and silence limit it meets.
    pub silences: Vec<SilenceProgram>,
    /// Values that rules make of readings. The place of one as a tag is its place here, behind the site's tags.
    pub calculated: Vec<Calculated>,
    /// Every (rule, tag) pair, sorted by tag, then rule.
    pub watches: Vec<Watch>,
    /// By tag, measured or calculated: its watches.
    pub(crate) watch_lists: Lists,
    /// By measured tag: the calculated tags that read it.
    pub(crate) readers: Lists,
    /// By watch: the calculated tags that look at its alarm.
    pub(crate) observers: Lists,
    /// By rule: its calculated tags.
    pub(crate) calculated_of: Vec<Range<u32>>,
}

/// A value that a rule makes of readings, or of alarms, and that levels judge as they do a tag's (计算点).
#[derive(Clone, Debug, PartialEq)]
pub struct Calculated {
    /// Place of the rule in [`Plan::rules`].
    pub rule: u32,
    /// What its alarm is about: a tag's name, or that of a group.
    pub subject: Arc<str>,
    /// The unit of its value.
    pub unit: Unit,
    /// The tags it reads, in the order that its program knows.
    pub inputs: Vec<TagIndex>,
    /// The watches whose alarms it looks at, in the order of the rules that it names.
    pub alarms: Vec<u32>,
    /// For each of them, who measures its subject: those of one device are one witness.
    pub witnesses: Vec<u32>,
    /// A measured tag that is where it is.
    pub near: Option<TagIndex>,
    /// What is calculated.
    pub program: Program,
}

/// Lists of places, one behind the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Lists {
    starts: Vec<u32>,
    places: Vec<u32>,
}

impl Lists {
    /// Of pairs of a list and a place, `lists` lists in all.
    pub(crate) fn new(lists: usize, mut pairs: Vec<(u32, u32)>) -> Lists {
        pairs.sort_unstable();
        pairs.dedup();
        let mut starts = vec![0; lists + 1];
        for (list, _) in &pairs {
            starts[*list as usize + 1] += 1;
        }
        for place in 1..starts.len() {
            starts[place] += starts[place - 1];
        }
        Lists { starts, places: pairs.into_iter().map(|(_, place)| place).collect() }
    }

    fn range(&self, list: u32) -> Range<usize> {
        let at = list as usize;
        self.starts[at] as usize..self.starts[at + 1] as usize
    }

    fn list(&self, list: u32) -> &[u32] {
        &self.places[self.range(list)]
    }
}

/// One rule on one tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Place of the rule in [`Plan::rules`].
    pub rule: u32,
    /// The tag watched.
    pub tag: TagIndex,
    /// How.
    pub kind: WatchKind,
}

/// How a watch looks at its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchKind {
    /// Place in [`Plan::limits`].
    Limit(u32),
    /// Place in [`Plan::silences`].
    Silence(u32),
}

/// The trip levels of a rule in one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitProgram {
    /// The least grave first; equal tiers in the file's order.
    pub levels: Vec<Level>,
    /// A value strictly between these two passes no level, and is the common case.
    pub quiet_above: f64,
    /// See [`LimitProgram::quiet_above`].
    pub quiet_below: f64,
}

/// One trip level, in its tags' unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// LL, L, H, HH, L1...
    pub name: Arc<str>,
    /// How grave.
    pub tier: Tier,
    /// How the value is compared with the set point.
    pub comparator: Comparator,
    /// Passed, it raises.
    pub set_point: f64,
    /// Back past it, it clears.
    pub clear_point: f64,
    /// Whether reaching the clear point is enough, or it must be passed.
    pub clear_inclusive: bool,
    /// How long past the set point before it raises, µs of tag time.
    pub on_delay_us: i64,
    /// How long back past the clear point before it clears, µs of tag time.
    pub off_delay_us: i64,
    /// Held after it clears, until reset.
    pub latch: bool,
    /// Still active after this, it sounds again, µs of arrival time; never, when `None`.
    pub re_alarm_us: Option<i64>,
    /// The set point as the file has it: `10 mg/m3`.
    pub written: Arc<str>,
}

/// A silence watch.
#[derive(Clone, Debug, PartialEq)]
pub struct SilenceProgram {
    /// How grave.
    pub tier: Tier,
    /// No usable reading for this long, µs of arrival time.
    pub after_us: i64,
    /// Held after readings come again, until reset.
    pub latch: bool,
    /// Still silent after this, it sounds again, µs of arrival time.
    pub re_alarm_us: Option<i64>,
    /// The figure as the file has it: `3 intervals`.
    pub written: Arc<str>,
    /// When it is graver: the last good value stood near a limit.
    pub near_limit: Option<NearLimit>,
}

/// How near to a limit a tag must fall silent for that to be graver.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NearLimit {
    /// As a share of the set point's amount, 0 to 1.
    pub within: f64,
    /// How grave that is.
    pub tier: Tier,
}

impl Plan {
    /// The places in [`Plan::watches`] that look at `tag`, measured or calculated.
    ///
    /// # Panics
    /// When the index was made under another plan.
    pub fn watches_of(&self, tag: TagIndex) -> Range<usize> {
        self.watch_lists.range(tag.0)
    }

    /// How many tags there are, measured and calculated.
    pub fn tags_len(&self) -> usize {
        self.site.tags.len() + self.calculated.len()
    }

    /// The calculated tag at that place; none, where a measured one is.
    pub fn calculated(&self, tag: TagIndex) -> Option<&Calculated> {
        self.calculated.get((tag.0 as usize).checked_sub(self.site.tags.len())?)
    }

    /// The place as a tag of a place in [`Plan::calculated`].
    pub fn calculated_tag(&self, place: u32) -> TagIndex {
        TagIndex(self.site.tags.len() as u32 + place)
    }

    /// Places in [`Plan::calculated`] of those that read a measured tag, sorted.
    pub fn readers_of(&self, tag: TagIndex) -> &[u32] {
        self.readers.list(tag.0)
    }

    /// Places in [`Plan::calculated`] of those that look at a watch's alarm, sorted.
    pub fn observers_of(&self, watch: u32) -> &[u32] {
        self.observers.list(watch)
    }

    /// What an alarm on a tag is about: the name of a measured one, the subject of a calculated one.
    pub fn subject(&self, tag: TagIndex) -> &Arc<str> {
        self.calculated(tag).map_or_else(|| &self.site.tag(tag).name, |calculated| &calculated.subject)
    }

    /// The limit that a measured tag's value is near to, or past: of several the gravest, and of these the first. Conditions
    /// without an alarm are no limits, and what is calculated of the tag is not looked at.
    pub fn limit_near(&self, tag: TagIndex, value: f64, within: f64) -> Option<&Level> {
        let watches = self.watches_of(tag).map(|watch| self.watches[watch]);
        let programs = watches.filter_map(|watch| match watch.kind {
            WatchKind::Limit(program) if self.rules[watch.rule as usize].is_alarm => Some(program),
            WatchKind::Limit(_) | WatchKind::Silence(_) => None,
        });
        let levels = programs.flat_map(|program| &self.limits[program as usize].levels);
        let near = levels.filter(|level| level.is_near(value, within));
        near.reduce(|gravest, level| if level.tier > gravest.tier { level } else { gravest })
    }

    /// The unit of a tag, measured or calculated.
    pub fn unit(&self, tag: TagIndex) -> Unit {
        self.calculated(tag).map_or_else(|| self.site.tag(tag).unit, |calculated| calculated.unit)
    }

    /// The watch of a rule on a subject.
    pub fn watch_on(&self, rule: u32, subject: &str) -> Option<u32> {
        let range = self.calculated_of.get(rule as usize)?;
        let made = &self.calculated[range.start as usize..range.end as usize];
        let tag = if made.is_empty() {
            self.site.tag_index(subject)?
        } else {
            let at = made.binary_search_by(|calculated| (*calculated.subject).cmp(subject)).ok()?;
            self.calculated_tag(range.start + at as u32)
        };
        let watch = self.watches_of(tag).find(|&watch| self.watches[watch].rule == rule)?;
        u32::try_from(watch).ok()
    }
}

impl Plan {
    /// The watch here that carries on the alarm of a watch of another plan: of the rule of the same id and kind, on the same
    /// subject, and told to people, or to other rules alone, as before.
    pub fn same_watch(&self, other: &Plan, watch: u32) -> Option<u32> {
        let was = other.watches[watch as usize];
        let old = &other.rules[was.rule as usize];
        let rule = self.rules.binary_search_by(|rule| rule.id.cmp(&old.id)).ok()?;
        let same = self.watch_on(rule as u32, other.subject(was.tag))?;
        let new = &self.rules[rule];
        (new.kind == old.kind && new.is_alarm == old.is_alarm).then_some(same)
    }
}

impl Calculated {
    /// Whether its clock is arrival: so it is for all but what one tag alone makes, for two tags have two clocks.
    pub fn is_on_arrival(&self) -> bool {
        self.inputs.len() != 1
    }
}

impl LimitProgram {
    /// A program over levels already ordered by tier.
    pub fn new(levels: Vec<Level>) -> LimitProgram {
        let rising = levels.iter().filter(|level| level.comparator.is_rising());
        let falling = levels.iter().filter(|level| !level.comparator.is_rising());
        let quiet_below = rising.map(|level| level.set_point).fold(f64::INFINITY, f64::min);
        let quiet_above = falling.map(|level| level.set_point).fold(f64::NEG_INFINITY, f64::max);
        LimitProgram { levels, quiet_above, quiet_below }
    }

    /// True when `value` passes no level for certain; one comparison each way.
    #[inline]
    pub fn is_quiet(&self, value: f64) -> bool {
        value < self.quiet_below && value > self.quiet_above
    }
}

impl Level {
    /// Whether `value` is past the set point.
    pub fn is_past(&self, value: f64) -> bool {
        self.comparator.is_past(value, self.set_point)
    }

    /// Whether `value` is past the set point, or short of it by at most that share of its amount. Never true for NaN.
    pub fn is_near(&self, value: f64, within: f64) -> bool {
        let short = within * self.set_point.abs();
        if self.comparator.is_rising() {
            value >= self.set_point - short
        } else {
            value <= self.set_point + short
        }
    }

    /// Whether `value` is back past the clear point. Never true for NaN.
    pub fn is_clear(&self, value: f64) -> bool {
        self.comparator.is_clear(value, self.clear_point, self.clear_inclusive)
    }
}
