//! What an alarm of a tier asks of people: who is told at once, by when they answer, and where lateness goes.

use std::{sync::Arc, time::Duration};

use crate::{Desk, Site, Tier};

/// How high a desk stands in the chain that answers for a site, the lowest first
/// (企业主体、属地监管、分级负责: Shanxi 晋应急发〔2025〕296号).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeskLevel {
    /// 企业: who runs the plant.
    #[default]
    Enterprise,
    /// 园区.
    Park,
    /// 县.
    County,
    /// 市.
    City,
    /// 省.
    Province,
}

/// What an alarm of one tier asks of people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duty {
    /// Desks that are told at once, beside the one that answers for the alarm; ids among the site's desks.
    pub notify: Vec<Arc<str>>,
    /// The desks above the one that answers are told at once as well, up to this level.
    pub notify_up_to: Option<DeskLevel>,
    /// So long after it sounded, somebody has acknowledged it. Nobody is late when `None`.
    pub acknowledge_within: Option<Duration>,
    /// So long after it sounded, feedback is given. Nobody is late when `None`.
    pub feedback_within: Option<Duration>,
    /// Lateness that lasts climbs again each time so much has passed; it climbs once when `None`.
    pub then_every: Option<Duration>,
}

/// The duties of a site, by tier. A tier without one asks for nothing but what its state says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Duties([Option<Duty>; 4]);

impl DeskLevel {
    /// All levels, the lowest first.
    pub const ALL: [DeskLevel; 5] =
        [DeskLevel::Enterprise, DeskLevel::Park, DeskLevel::County, DeskLevel::City, DeskLevel::Province];

    /// The word in files and on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            DeskLevel::Enterprise => "enterprise",
            DeskLevel::Park => "park",
            DeskLevel::County => "county",
            DeskLevel::City => "city",
            DeskLevel::Province => "province",
        }
    }

    /// The level that `word` names.
    pub fn from_word(word: &str) -> Option<DeskLevel> {
        DeskLevel::ALL.into_iter().find(|level| level.word() == word)
    }
}

impl Duty {
    /// The duty of a tier where a site says `usual`. Engineering judgement, in no standard: every figure is there to be
    /// replaced by what the site and its authority agreed on.
    pub fn usual(tier: Tier) -> Duty {
        let minutes = |minutes: u64| Some(Duration::from_secs(minutes * 60));
        let (notify_up_to, acknowledge, feedback) = match tier {
            Tier::Blue => (None, 15, 24 * 60),
            Tier::Yellow => (Some(DeskLevel::Park), 5, 4 * 60),
            Tier::Orange => (Some(DeskLevel::County), 3, 60),
            Tier::Red => (Some(DeskLevel::Province), 1, 30),
        };
        Duty {
            notify: Vec::new(),
            notify_up_to,
            acknowledge_within: minutes(acknowledge),
            feedback_within: minutes(feedback),
            then_every: minutes(15).filter(|_| tier == Tier::Red),
        }
    }
}

impl Duties {
    /// The usual duty of every tier, see [`Duty::usual`].
    pub fn usual() -> Duties {
        Duties(Tier::ALL.map(|tier| Some(Duty::usual(tier))))
    }

    /// The duty of a tier, where it has one.
    pub fn of(&self, tier: Tier) -> Option<&Duty> {
        self.0[usize::from(tier.code())].as_ref()
    }

    /// Gives a tier a duty, in place of the one it had.
    pub fn set(&mut self, tier: Tier, duty: Duty) {
        self.0[usize::from(tier.code())] = Some(duty);
    }

    /// Whether no tier has a duty.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }
}

impl Site {
    /// The desk of that id.
    pub fn desk(&self, id: &str) -> Option<&Desk> {
        self.desks.iter().find(|desk| *desk.id == *id)
    }

    /// The desks that a duty tells at once, beside the one that answers: those it names, then those above.
    pub fn told_at_once(&self, answers: Option<&Desk>, duty: &Duty) -> Vec<Arc<str>> {
        let mut told = Vec::new();
        let above = duty.notify_up_to.map(|up_to| {
            let chain = answers.into_iter().flat_map(|desk| self.chain_above(desk));
            chain.take_while(move |desk| desk.level <= up_to).map(|desk| &desk.id)
        });
        for id in duty.notify.iter().chain(above.into_iter().flatten()) {
            let is_new = answers.is_none_or(|desk| desk.id != *id) && !told.contains(id);
            if is_new {
                told.push(Arc::clone(id));
            }
        }
        told
    }

    /// The desk that lateness goes to: the next above the one it went to `last`, or above the highest of those who were
    /// told, that was not told yet. Where nobody is above, the highest is asked again. Whoever was told and does not stand
    /// above the desk that answers leads nowhere.
    pub fn climb<'a>(
        &'a self,
        answers: Option<&'a Desk>,
        told: &[Arc<str>],
        last: Option<&str>,
    ) -> Option<&'a Desk> {
        let leads = |desk: &&Desk| {
            answers.is_none_or(|answers| self.chain_above(answers).any(|above| above.id == desk.id))
        };
        let mut highest = answers;
        for desk in told.iter().filter_map(|id| self.desk(id)).filter(leads) {
            if highest.is_none_or(|other| desk.level > other.level) {
                highest = Some(desk);
            }
        }
        let from = last.and_then(|id| self.desk(id)).filter(leads).or(highest)?;
        let next = self.chain_above(from).find(|desk| !told.contains(&desk.id));
        next.or_else(|| self.chain_above(from).last()).or(Some(from))
    }

    /// The desks above one, the nearest first. Chains end: that is checked when the files are read.
    fn chain_above<'a>(&'a self, desk: &'a Desk) -> impl Iterator<Item = &'a Desk> {
        let above = |desk: &&Desk| desk.above.as_deref().and_then(|id| self.desk(id));
        std::iter::successors(Some(desk), move |desk| above(desk)).skip(1).take(self.desks.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Annunciation, ShelvingPolicy, Text, TimePolicy};

    /// `id level above`, separated by commas.
    fn site(desks: &str) -> Site {
        let desk = |words: &str| {
            let mut words = words.split_whitespace();
            let mut word = || words.next();
            Desk {
                id: word().expect("an id").into(),
                title: Text::default(),
                areas: Vec::new(),
                has_rest: false,
                level: word().and_then(DeskLevel::from_word).expect("a level"),
                above: word().map(Into::into),
                escalates: Vec::new(),
            }
        };
        Site {
            id: "park".into(),
            title: Text::default(),
            areas: Vec::new(),
            edge_nodes: Vec::new(),
            devices: Vec::new(),
            tags: Vec::new(),
            sources: Vec::new(),
            time: TimePolicy::default(),
            shelving: ShelvingPolicy::default(),
            desks: desks.split(',').map(desk).collect(),
            duties: Duties::usual(),
            annunciation: Annunciation::default(),
        }
    }

    const CHAIN: &str = "gas enterprise shift,shift enterprise park,safety enterprise,beside county,park park county,county county city,\
        city city province,province province";

    fn ids(list: &str) -> Vec<Arc<str>> {
        list.split_whitespace().map(Into::into).collect()
    }

    #[test]
    fn who_is_told_at_once_is_named_or_stands_above_up_to_a_level() {
        let site = site(CHAIN);
        for (answers, tier, notify, told) in [
            ("gas", Tier::Blue, "", ""),
            ("gas", Tier::Blue, "gas safety safety", "safety"),
            ("gas", Tier::Yellow, "safety", "safety shift park"),
            ("gas", Tier::Orange, "park", "park shift county"),
            ("gas", Tier::Red, "", "shift park county city province"),
            ("safety", Tier::Red, "", ""),
        ] {
            let duty = Duty { notify: ids(notify), ..Duty::usual(tier) };
            assert_eq!(site.told_at_once(site.desk(answers), &duty), ids(told), "{answers} {tier} {notify}");
        }
    }

    #[test]
    fn lateness_climbs_to_whoever_above_was_not_told_yet_and_at_the_top_asks_again() {
        let site = site(CHAIN);
        for (answers, told, last, next) in [
            (Some("gas"), "", None, Some("shift")),
            (Some("gas"), "safety", None, Some("shift")),
            (Some("gas"), "shift park", None, Some("county")),
            (Some("gas"), "shift park county", Some("county"), Some("city")),
            (Some("gas"), "county", Some("shift"), Some("park")),
            (Some("gas"), "shift park county city province", None, Some("province")),
            (Some("gas"), "shift park county city province", Some("shift"), Some("province")),
            (Some("gas"), "gone", Some("gone"), Some("shift")),
            (Some("gas"), "beside", None, Some("shift")),
            (Some("gas"), "beside shift", Some("beside"), Some("park")),
            (Some("safety"), "", None, Some("safety")),
            (None, "safety", None, Some("safety")),
            (None, "", None, None),
        ] {
            let found = site.climb(answers.and_then(|id| site.desk(id)), &ids(told), last);
            assert_eq!(found.map(|desk| &*desk.id), next, "{answers:?} {told} {last:?}");
        }
    }
}
