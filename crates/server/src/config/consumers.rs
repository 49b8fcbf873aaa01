//! Consumers that must listen: `[[consumer]]`.

use std::{ops::RangeInclusive, sync::Arc, time::Duration};

use davy_access::Scope;
use davy_delivery::consumers::Who;
use davy_model::{Tier, is_name};
use serde::{Deserialize, Serialize};

use super::{liveness::within, resolve::Problems};

/// How long a consumer may say nothing.
const SILENT_AFTER_RANGE: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(24 * 3600);
/// Consumers that must listen to one Davy.
const MUST_LISTEN_MAX: usize = 64;

/// A consumer that must listen.
#[derive(Clone, Debug)]
pub struct ConsumerConfig {
    /// Which.
    pub who: Who,
    /// How long it may be gone, or confirm nothing of what waits.
    pub silent_after: Duration,
    /// How grave it is when it does not listen.
    pub tier: Tier,
    /// Where that is told: only in these sites; in all, when empty.
    pub sites: Vec<Arc<str>>,
    /// Only at these places of the administrative tree; everywhere, when empty.
    pub scopes: Vec<Scope>,
}

/// As written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConsumer {
    name: String,
    caller: Option<String>,
    #[serde(default = "silent_after")]
    silent_after: String,
    #[serde(default = "tier")]
    tier: String,
    #[serde(default)]
    sites: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
}

fn silent_after() -> String {
    "60s".to_owned()
}

fn tier() -> String {
    "orange".to_owned()
}

/// All of them, or problems. Where callers are `known`, each names whose it is.
pub(super) fn resolve(raw: &[RawConsumer], known: bool, problems: &mut Problems) -> Vec<ConsumerConfig> {
    if raw.len() > MUST_LISTEN_MAX {
        problems.add("consumer", format!("at most {MUST_LISTEN_MAX} consumers, not {}", raw.len()));
    }
    let mut found: Vec<ConsumerConfig> = Vec::new();
    for (place, one) in raw.iter().enumerate() {
        if !is_name(&one.name) {
            let what = "what it is called: 1 to 64 letters, digits, dots, dashes and underscores";
            problems.add(&format!("consumer[{place}].name"), what);
            continue;
        }
        let Some(one) = resolve_one(one, known, problems) else { continue };
        if found.iter().any(|other| other.who.name == one.who.name) {
            let what = "another consumer is called so: its alarm is told by its name";
            problems.add(&format!("consumer {} name", one.who.name), what);
        }
        found.push(one);
    }
    found
}

fn resolve_one(raw: &RawConsumer, known: bool, problems: &mut Problems) -> Option<ConsumerConfig> {
    let place = |key: &str| format!("consumer {} {key}", raw.name);
    match (known, &raw.caller) {
        (true, None) => {
            problems.add(&place("caller"), "whose it is: the name of its account, since [access] is on");
        }
        (false, Some(_)) => {
            problems.add(&place("caller"), "without [access] nobody's name is known: leave it out");
        }
        (true, Some(_)) | (false, None) => {}
    }
    let silent_after = problems.take(&place("silent_after"), within(&raw.silent_after, &SILENT_AFTER_RANGE));
    let tier = Tier::from_word(&raw.tier);
    let tier = tier.ok_or_else(|| format!("blue, yellow, orange or red: {:?}", raw.tier));
    let tier = problems.take(&place("tier"), tier);
    let scope = |text: &String| text.parse::<Scope>().map_err(|error| format!("{text:?}: {error}"));
    let scopes = raw.scopes.iter().map(scope).collect::<Result<_, _>>();
    let scopes = problems.take(&place("scopes"), scopes);
    let who = Who { caller: raw.caller.as_deref().map(Arc::from), name: raw.name.as_str().into() };
    let sites = raw.sites.iter().map(|site| site.as_str().into()).collect();
    Some(ConsumerConfig { who, silent_after: silent_after?, tier: tier?, sites, scopes: scopes? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, known: bool) -> (Vec<ConsumerConfig>, Vec<String>) {
        #[derive(Deserialize)]
        struct File {
            consumer: Vec<RawConsumer>,
        }
        use figment::providers::Format;
        let file: File =
            figment::Figment::from(figment::providers::Toml::string(text)).extract().expect("it is TOML");
        let mut problems = Problems(Vec::new());
        let found = resolve(&file.consumer, known, &mut problems);
        (found, problems.0.iter().map(|problem| format!("{}: {}", problem.place, problem.what)).collect())
    }

    #[test]
    fn a_consumer_that_must_listen_needs_no_more_than_its_name() {
        let (found, problems) = told("[[consumer]]\nname = \"desk\"", false);
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(found[0].who.to_string(), "desk");
        assert_eq!((found[0].silent_after, found[0].tier), (Duration::from_secs(60), Tier::Orange));
    }

    #[test]
    fn what_is_wrong_is_told_with_the_consumer_and_the_key() {
        for (text, known, expected) in [
            ("name = \"a desk\"", false, "consumer[0].name: what it is called"),
            ("name = \"desk\"", true, "consumer desk caller: whose it is"),
            ("name = \"desk\"\ncaller = \"ann\"", false, "consumer desk caller: without [access]"),
            ("name = \"desk\"\nsilent_after = \"2d\"", false, "consumer desk silent_after: expected a span"),
            ("name = \"desk\"\ntier = \"pink\"", false, "consumer desk tier: blue, yellow"),
            ("name = \"desk\"\nscopes = [\"37//05\"]", false, "consumer desk scopes: \"37//05\""),
            ("name = \"desk\"\n[[consumer]]\nname = \"desk\"", false, "consumer desk name: another"),
        ] {
            let (_, problems) = told(&format!("[[consumer]]\n{text}"), known);
            assert_eq!(problems.len(), 1, "{text}: {problems:?}");
            assert!(problems[0].starts_with(expected), "{text}: {problems:?}");
        }
    }
}
