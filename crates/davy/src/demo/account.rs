//! The account at the end: received = judged + rejected + dropped, by site and in total.

use davy_model::Tier;
use davy_server::{SiteSummary, Summary};
use davy_simulators::Totals;
use serde_json::{Map, Value, json};

use super::tally::{SiteTally, Tally};
use crate::{looks, table};

/// What became of everything.
pub(super) struct Account {
    /// What the server says.
    pub(super) summary: Summary,
    /// What the gateways say.
    pub(super) gateways: Totals,
    /// What the client saw.
    pub(super) tally: Tally,
}

impl Account {
    /// Whether every reading is accounted for, and everything was written.
    pub(super) fn is_sound(&self) -> bool {
        self.summary.balances() && !self.summary.failed
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let headings = [
            "SITE",
            "RECEIVED",
            "=",
            "JUDGED",
            "+ REJECTED",
            "+ DROPPED",
            "TRANSITIONS",
            "ALERTS SEEN",
            "RAISED",
        ];
        let mut rows: Vec<_> =
            self.summary.sites.iter().map(|site| row(site, &self.tally.site(&site.site))).collect();
        rows.push(row(&self.total(), &self.seen_in_all()));
        let Totals { messages, readings, acknowledged, unacknowledged, resent, rejected, problems } =
            &self.gateways;
        let mut lines = vec![
            String::new(),
            table::render(&headings, rows),
            format!(
                "gateways: {readings} readings in {messages} messages, {acknowledged} acknowledged, \
                 {unacknowledged} not, {resent} sent again, {rejected} readings refused"
            ),
        ];
        lines.extend(problems.iter().take(5).map(|problem| format!("  refused: {problem}")));
        if self.summary.strays > 0 {
            lines.push(format!("{} readings came for no site known here", self.summary.strays));
        }
        lines.push(self.verdict().to_owned());
        lines.join("\n")
    }

    /// For programs, one object.
    pub(super) fn json(&self) -> Value {
        let total = site_json(&self.total(), &self.seen_in_all());
        let sites: Vec<Value> =
            self.summary.sites.iter().map(|site| site_json(site, &self.tally.site(&site.site))).collect();
        let gateways = &self.gateways;
        json!({
            "balances": self.is_sound(), "sites": sites, "total": total,
            "strays": self.summary.strays, "journal_failed": self.summary.failed,
            "gateways": {
                "messages": gateways.messages, "readings": gateways.readings, "acknowledged": gateways.acknowledged,
                "unacknowledged": gateways.unacknowledged, "resent": gateways.resent, "rejected": gateways.rejected,
            },
        })
    }

    fn verdict(&self) -> &'static str {
        match (self.summary.failed, self.summary.balances()) {
            (true, _) => "A JOURNAL COULD NOT BE WRITTEN TO THE END",
            (false, true) => "balances: received = judged + rejected + dropped",
            (false, false) => "DOES NOT BALANCE: some reading is not accounted for. Please report this.",
        }
    }

    fn total(&self) -> SiteSummary {
        let sum = |of: fn(&SiteSummary) -> u64| self.summary.sites.iter().map(of).sum();
        SiteSummary {
            site: "total".into(),
            received: sum(|site| site.received),
            judged: sum(|site| site.judged),
            rejected: sum(|site| site.rejected),
            dropped: sum(|site| site.dropped),
            transitions: sum(|site| site.transitions),
        }
    }

    /// What was delivered of all sites.
    fn seen_in_all(&self) -> SiteTally {
        let mut all = SiteTally::default();
        for site in &self.summary.sites {
            all.add(&self.tally.site(&site.site));
        }
        all
    }
}

fn row(site: &SiteSummary, seen: &SiteTally) -> Vec<table::Field> {
    let raised: Vec<String> = Tier::ALL
        .into_iter()
        .zip(seen.raised)
        .rev()
        .map(|(tier, raised)| format!("{} {raised} {tier}", looks::shape(tier)))
        .collect();
    let sign = if site.balances() { "=" } else { "≠" };
    let figure = |figure: u64| figure.to_string().into();
    vec![
        (&*site.site).into(),
        figure(site.received),
        sign.into(),
        figure(site.judged),
        format!("+ {}", site.rejected).into(),
        format!("+ {}", site.dropped).into(),
        figure(site.transitions),
        figure(seen.alerts),
        raised.join("  ").into(),
    ]
}

fn site_json(site: &SiteSummary, seen: &SiteTally) -> Value {
    let raised: Map<String, Value> = Tier::ALL
        .into_iter()
        .zip(seen.raised)
        .map(|(tier, raised)| (tier.word().to_owned(), raised.into()))
        .collect();
    json!({
        "site": *site.site, "received": site.received, "judged": site.judged, "rejected": site.rejected,
        "dropped": site.dropped, "balances": site.balances(), "transitions": site.transitions,
        "alerts": seen.alerts, "raised": raised,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(judged: u64) -> Account {
        let site = SiteSummary {
            site: "park".into(),
            received: 10,
            judged,
            rejected: 1,
            dropped: 1,
            transitions: 3,
        };
        let summary = Summary { sites: vec![site], strays: 0, failed: false };
        Account { summary, gateways: Totals::default(), tally: Tally::default() }
    }

    #[test]
    fn an_account_that_balances_is_sound_and_says_so() {
        let account = account(8);
        assert!(account.is_sound());
        assert!(
            account.text().ends_with("balances: received = judged + rejected + dropped"),
            "{}",
            account.text()
        );
        assert_eq!(account.json()["total"]["received"], json!(10));
    }

    #[test]
    fn a_reading_that_is_not_accounted_for_cannot_be_overlooked() {
        let account = account(7);
        assert!(!account.is_sound());
        let text = account.text();
        assert!(text.contains("≠") && text.contains("DOES NOT BALANCE"), "{text}");
        assert_eq!(account.json()["balances"], json!(false));
    }
}
