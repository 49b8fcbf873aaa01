//! What a candidate must keep to: a file that a review, and a build, can hold it to.

use std::{sync::Arc, time::Duration};

use davy_rules::{
    Code, Diagnostic,
    reader::{Fields, Finding, Item, Report, leading_number, parse},
};

const KEYS: [&str; 10] = [
    "min_coverage",
    "max_missed",
    "max_missed_more",
    "max_delay_p95",
    "max_outside_per_day",
    "max_outside_per_tag_day",
    "max_alarms_per_day",
    "max_alarms_more",
    "max_time_in_flood",
    "max_lost",
];

/// What a candidate must keep to. What is not given is not held against it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// Good readings for this share of the period at least.
    pub min_coverage: Option<f64>,
    /// Labelled events missed at most.
    pub max_missed: Option<u64>,
    /// Labelled events missed more than now, at most.
    pub max_missed_more: Option<u64>,
    /// From an event's start to its alarm, in 19 of 20 events.
    pub max_delay_p95: Option<Duration>,
    /// Alarms outside every event a day, at most.
    pub max_outside_per_day: Option<f64>,
    /// The same for each tag that the rules cover.
    pub max_outside_per_tag_day: Option<f64>,
    /// Alarms a day, over all desks, at most.
    pub max_alarms_per_day: Option<f64>,
    /// More alarms than now, at most, as a share of those now.
    pub max_alarms_more: Option<f64>,
    /// Share of the time that the worst desk is in flood, at most.
    pub max_time_in_flood: Option<f64>,
    /// Alarms that are raised now and would not be, at most.
    pub max_lost: Option<u64>,
}

/// What was found of a candidate. What is not known is not there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// See [`Policy::min_coverage`].
    pub coverage: Option<f64>,
    /// Labelled events missed.
    pub missed: Option<u64>,
    /// By the rules of now.
    pub missed_now: Option<u64>,
    /// See [`Policy::max_delay_p95`], seconds.
    pub delay_p95_s: Option<f64>,
    /// Alarms outside every event a day.
    pub outside_per_day: Option<f64>,
    /// The same for each tag.
    pub outside_per_tag_day: Option<f64>,
    /// Alarms a day.
    pub alarms_per_day: Option<f64>,
    /// More alarms than now, a share; negative when they are fewer.
    pub alarms_more: Option<f64>,
    /// Share of the time in flood.
    pub time_in_flood: Option<f64>,
    /// Alarms lost.
    pub lost: Option<u64>,
}

/// One line of a policy, and whether it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyLine {
    /// Which line: `max_missed`.
    pub key: &'static str,
    /// What the policy wants.
    pub wanted: String,
    /// What was found.
    pub found: String,
    /// Whether it is kept. What could not be measured is not kept.
    pub kept: bool,
}

impl Policy {
    /// Every line of the policy, and whether it is kept.
    pub fn judge(&self, found: &Measured) -> Vec<PolicyLine> {
        let count = |count: u64| count as f64;
        let more = match (found.missed, found.missed_now) {
            (Some(missed), Some(now)) => Some(count(missed.saturating_sub(now))),
            (_, _) => None,
        };
        let lines = [
            ("max_missed", self.max_missed.map(count), found.missed.map(count), Shown::Count),
            ("max_missed_more", self.max_missed_more.map(count), more, Shown::Count),
            (
                "max_delay_p95",
                self.max_delay_p95.map(|span| span.as_secs_f64()),
                found.delay_p95_s,
                Shown::Seconds,
            ),
            ("max_outside_per_day", self.max_outside_per_day, found.outside_per_day, Shown::Number),
            (
                "max_outside_per_tag_day",
                self.max_outside_per_tag_day,
                found.outside_per_tag_day,
                Shown::Number,
            ),
            ("max_alarms_per_day", self.max_alarms_per_day, found.alarms_per_day, Shown::Number),
            ("max_alarms_more", self.max_alarms_more, found.alarms_more, Shown::Share),
            ("max_time_in_flood", self.max_time_in_flood, found.time_in_flood, Shown::Share),
            ("max_lost", self.max_lost.map(count), found.lost.map(count), Shown::Count),
        ];
        let least = self.min_coverage.map(|wanted| PolicyLine {
            key: "min_coverage",
            wanted: Shown::Share.words(wanted),
            found: found.coverage.map_or_else(unknown, |share| Shown::Share.words(share)),
            kept: found.coverage.is_some_and(|share| share >= wanted),
        });
        let most = lines.into_iter().filter_map(|(key, wanted, found, shown)| {
            let wanted = wanted?;
            Some(PolicyLine {
                key,
                wanted: shown.words(wanted),
                found: found.map_or_else(unknown, |found| shown.words(found)),
                kept: found.is_some_and(|found| found <= wanted),
            })
        });
        least.into_iter().chain(most).collect()
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}

#[derive(Clone, Copy)]
enum Shown {
    Count,
    Number,
    Seconds,
    Share,
}

impl Shown {
    fn words(self, value: f64) -> String {
        match self {
            Shown::Count => format!("{value:.0}"),
            Shown::Number => format!("{value:.3}"),
            Shown::Seconds => format!("{value:.0} s"),
            Shown::Share => format!("{:.1} %", 100.0 * value),
        }
    }
}

/// Reads a policy file.
///
/// # Errors
/// Everything that is wrong with it, by line.
pub fn read_policy(text: &str, path: Arc<str>) -> Result<Policy, Vec<Diagnostic>> {
    let mut report = Report::new(vec![path]);
    let mut policy = Policy::default();
    if let Some(root) = parse(text, 0, &mut report)
        && let Some(fields) = Fields::open(&root, "policy", &KEYS, &mut report)
    {
        let report = &mut report;
        let mut read =
            |key: &'static str, form: Form| fields.get(key).and_then(|item| number(&item, form, report));
        let count = |value: f64| value as u64;
        policy = Policy {
            min_coverage: read("min_coverage", Form::Percent),
            max_missed: read("max_missed", Form::Count).map(count),
            max_missed_more: read("max_missed_more", Form::Count).map(count),
            max_delay_p95: None,
            max_outside_per_day: read("max_outside_per_day", Form::Number),
            max_outside_per_tag_day: read("max_outside_per_tag_day", Form::Number),
            max_alarms_per_day: read("max_alarms_per_day", Form::Number),
            max_alarms_more: read("max_alarms_more", Form::Percent),
            max_time_in_flood: read("max_time_in_flood", Form::Percent),
            max_lost: read("max_lost", Form::Count).map(count),
        };
        policy.max_delay_p95 =
            fields.get("max_delay_p95").and_then(|item| item.duration(Duration::from_millis(1), report));
    }
    let findings = report.into_findings();
    if findings.is_empty() { Ok(policy) } else { Err(findings) }
}

#[derive(Clone, Copy)]
enum Form {
    Count,
    Number,
    Percent,
}

fn number(item: &Item<'_>, form: Form, report: &mut Report) -> Option<f64> {
    let expected = match form {
        Form::Count => "a whole number, 0 or more",
        Form::Number => "a number, 0 or more",
        Form::Percent => "a share such as 95 %",
    };
    let text = item.scalar(expected, report)?;
    let value = match (form, leading_number(text)) {
        (Form::Count, Some((value, ""))) if value.fract() == 0.0 => Some(value),
        (Form::Number, Some((value, ""))) => Some(value),
        (Form::Percent, Some((value, rest))) if rest.trim() == "%" => Some(value / 100.0),
        (_, _) => None,
    };
    let value = value.filter(|value| *value >= 0.0);
    if value.is_none() {
        report.error(item.place, Finding::new(Code::NumberInvalid, "policy").found(text).expected(expected));
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_and_held_against_what_was_found() {
        let text = "min_coverage: 95 %\nmax_missed: 0\nmax_delay_p95: 60s\nmax_alarms_more: 10 %\nmax_outside_per_day: 0.5\n";
        let policy = read_policy(text, "policy.yaml".into()).expect("it is well written");
        let found = Measured {
            coverage: Some(0.987),
            missed: Some(1),
            delay_p95_s: Some(22.0),
            alarms_more: Some(-0.6),
            ..Measured::default()
        };
        let told: Vec<(&str, bool)> = policy.judge(&found).iter().map(|line| (line.key, line.kept)).collect();
        assert_eq!(
            told,
            [
                ("min_coverage", true),
                ("max_missed", false),
                ("max_delay_p95", true),
                // Nobody knows: there were no labelled events.
                ("max_outside_per_day", false),
                ("max_alarms_more", true),
            ]
        );
    }

    #[test]
    fn what_is_wrong_with_a_policy_is_told_by_its_line() {
        for text in
            ["max_mised: 0", "max_missed: few", "min_coverage: 95", "max_missed: 0.5", "max_delay_p95: soon"]
        {
            let findings = read_policy(text, "policy.yaml".into()).expect_err(text);
            assert_eq!((findings.len(), findings[0].line), (1, 1), "{text}: {findings:?}");
        }
    }
}
