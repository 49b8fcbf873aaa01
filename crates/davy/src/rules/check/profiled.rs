//! In what the levels of a site would be otherwise under another system's reading of their deadbands.

use std::collections::BTreeSet;

use clap::ValueEnum;
use davy_model::Unit;
use davy_rules::{Level, Plan, Watch, WatchKind, coverage::tags_named};
use davy_workbench::deadband::{Comparison, Edge, LevelDifference, Profile, Worked, compare, figure};
use serde_json::{Value, json};

use super::covered::Wanted;

/// Which other system's reading; see `docs/reference/deadbands.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Foreign {
    /// AVEVA Application Server: the deadband counts for clearing only
    AvevaA,
    /// AVEVA Operations Management Interface: the deadband counts both ways
    AvevaB,
    /// OPC UA Part 9, exclusive limit alarms: one limit's state at a time
    OpcUa,
    /// OPC UA Part 9, non-exclusive limit alarms: each limit has a state
    OpcUaEach,
}

impl From<Foreign> for Profile {
    fn from(foreign: Foreign) -> Profile {
        match foreign {
            Foreign::AvevaA => Profile::AvevaA,
            Foreign::AvevaB => Profile::AvevaB,
            Foreign::OpcUa => Profile::OpcUa,
            Foreign::OpcUaEach => Profile::OpcUaEach,
        }
    }
}

/// One alarm's levels, and in what they would be otherwise.
struct Told<'a> {
    plan: &'a Plan,
    watch: Watch,
    levels: &'a [Level],
    found: Comparison,
}

/// A line for each thing that is otherwise, or an object an alarm; then a summary.
pub(super) fn lines(plan: &Plan, profile: Profile, wanted: Wanted<'_>, as_json: bool) -> Vec<String> {
    let told = compared(plan, profile, wanted);
    let mut lines = Vec::new();
    for one in told.iter().filter(|one| !one.found.is_alike()) {
        if as_json { lines.push(one.json(profile).to_string()) } else { lines.extend(one.text(profile)) }
    }
    lines.push(summary(plan, profile, &told, as_json));
    lines
}

fn compared<'a>(plan: &'a Plan, profile: Profile, wanted: Wanted<'_>) -> Vec<Told<'a>> {
    let named = wanted.tag.map(|pattern| tags_named(plan, pattern));
    let judges = |watch: &Watch| {
        let reads = plan.calculated(watch.tag).map_or(std::slice::from_ref(&watch.tag), |made| &made.inputs);
        named.as_ref().is_none_or(|named| reads.iter().any(|tag| named.contains(tag)))
    };
    let of_rule = |watch: &Watch| wanted.rule.is_none_or(|id| *plan.rules[watch.rule as usize].id == *id);
    // Many tags share one program.
    let mut known: Vec<Option<Comparison>> = vec![None; plan.limits.len()];
    let mut told = Vec::new();
    for watch in plan.watches.iter().filter(|watch| of_rule(watch) && judges(watch)) {
        let WatchKind::Limit(program) = watch.kind else { continue };
        let levels = &plan.limits[program as usize].levels;
        let found = known[program as usize].get_or_insert_with(|| compare(profile, levels)).clone();
        told.push(Told { plan, watch: *watch, levels, found });
    }
    told
}

impl Told<'_> {
    fn alarm(&self) -> String {
        let rule = &self.plan.rules[self.watch.rule as usize].id;
        format!("{}:{rule}:{}", self.plan.site.id, self.plan.subject(self.watch.tag))
    }

    fn unit(&self) -> Unit {
        self.plan.unit(self.watch.tag)
    }

    fn name(&self, level: usize) -> &str {
        &self.levels[level].name
    }

    fn text(&self, profile: Profile) -> Vec<String> {
        let (alarm, under) = (self.alarm(), profile.word());
        let of_levels = self.found.levels.iter().map(|differs| {
            let name = self.name(differs.level);
            let turns: Vec<String> = [("raises", differs.raises), ("clears", differs.clears)]
                .into_iter()
                .filter_map(|(word, pair)| Some(self.turn(word, pair?, under)))
                .collect();
            let only = if differs.at_the_point_only { " (at the point itself only)" } else { "" };
            let worked = differs.worked.as_ref().map(|worked| self.worked(worked, under)).unwrap_or_default();
            format!("{alarm} {name}: {}{only}{worked}", turns.join("; "))
        });
        let moves = self.found.moves.iter().map(|worked| {
            format!("{alarm}: moves otherwise between its levels{}", self.worked(worked, under))
        });
        let obstacles = self
            .found
            .obstacles
            .iter()
            .map(|obstacle| format!("{alarm}: {under} cannot have it: {obstacle}"));
        of_levels.chain(moves).chain(obstacles).collect()
    }

    fn turn(&self, word: &str, (here, there): (Edge, Edge), under: &str) -> String {
        format!("{word} {here} {unit}, under {under} {there} {unit}", unit = self.unit())
    }

    fn worked(&self, worked: &Worked, under: &str) -> String {
        let values: Vec<String> = worked.values.iter().map(|value| figure(*value)).collect();
        let states = |path: &[Option<usize>]| {
            path.iter().map(|level| level.map_or(".", |level| self.name(level))).collect::<Vec<_>>().join(" ")
        };
        let (here, there) = (states(&worked.here), states(&worked.there));
        format!("; of {} come {here}, under {under} {there}", values.join(" "))
    }

    fn json(&self, profile: Profile) -> Value {
        let rule = &self.plan.rules[self.watch.rule as usize];
        json!({
            "site": *self.plan.site.id, "profile": profile.word(), "rule": *rule.id, "file": *rule.place.0,
            "line": rule.place.1, "subject": **self.plan.subject(self.watch.tag), "unit": self.unit().to_string(),
            "levels": self.found.levels.iter().map(|differs| self.level_json(differs)).collect::<Vec<_>>(),
            "moves": self.found.moves.as_ref().map(|worked| self.worked_json(worked)),
            "cannot_have": self.found.obstacles,
        })
    }

    fn level_json(&self, differs: &LevelDifference) -> Value {
        let edge = |edge: Edge| json!({"comparator": edge.comparator.symbol(), "point": edge.point});
        let pair = |pair: Option<(Edge, Edge)>| {
            pair.map(|(here, there)| json!({"here": edge(here), "there": edge(there)}))
        };
        json!({
            "level": self.name(differs.level), "raises": pair(differs.raises), "clears": pair(differs.clears),
            "at_the_point_only": differs.at_the_point_only,
            "worked": differs.worked.as_ref().map(|worked| self.worked_json(worked)),
        })
    }

    fn worked_json(&self, worked: &Worked) -> Value {
        let states = |path: &[Option<usize>]| {
            path.iter().map(|level| level.map(|level| self.name(level))).collect::<Vec<_>>()
        };
        json!({"values": worked.values, "here": states(&worked.here), "there": states(&worked.there)})
    }
}

fn summary(plan: &Plan, profile: Profile, told: &[Told<'_>], as_json: bool) -> String {
    let levels: usize = told.iter().map(|one| one.levels.len()).sum();
    let differ: usize = told.iter().map(|one| one.found.levels.len()).sum();
    let points =
        told.iter().flat_map(|one| &one.found.levels).filter(|level| level.at_the_point_only).count();
    let otherwise = told.iter().filter(|one| !one.found.is_alike());
    let subjects: BTreeSet<&str> = otherwise.map(|one| &**plan.subject(one.watch.tag)).collect();
    let (site, under) = (&*plan.site.id, profile.word());
    if as_json {
        let value = json!({
            "site": site, "profile": under, "levels": levels, "otherwise": differ, "at_the_point_only": points,
            "alarms": told.len(), "subjects": subjects,
        });
        return value.to_string();
    }
    format!(
        "{site}: under {under} {differ} of {levels} levels raise or clear elsewhere, {points} of them at the point itself only; \
         {} subjects have something otherwise",
        subjects.len()
    )
}
