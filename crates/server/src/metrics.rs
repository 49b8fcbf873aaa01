//! `/metrics`, in Prometheus' text form. Counts come from the books that are kept anyway; nothing is counted twice.

use std::sync::{Arc, OnceLock, atomic::Ordering};

use davy_intake::Totals;
use davy_model::{Condition, Tier};
use metrics::{counter, gauge};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::{hub::Hub, site::SiteService};

/// The recorder of this process.
#[derive(Clone)]
pub(crate) struct Metrics {
    handle: PrometheusHandle,
}

/// One recorder a process: a second server in it shares it.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

impl Metrics {
    pub(crate) fn install() -> Metrics {
        let handle = RECORDER.get_or_init(|| {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            // Somebody else's recorder is installed: then ours stays empty but for what is set on it, which is nothing.
            let _ = metrics::set_global_recorder(recorder);
            handle
        });
        Metrics { handle: handle.clone() }
    }

    /// Brings every figure up to date and writes the page.
    pub(crate) fn render(&self, hub: &Hub) -> String {
        gauge!("davy_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        for site in hub.sites.values() {
            show_site(site);
            if let Some(door) = hub.intake.directory.site(&site.id) {
                show_readings(&site.id, &door.account.totals());
                counter!("davy_dead_letters_total", "site" => site.id.to_string())
                    .absolute(door.dead_letters.written());
                counter!("davy_dead_letters_evicted_total", "site" => site.id.to_string())
                    .absolute(door.dead_letters.evicted());
                gauge!("davy_inbox_free_bytes", "site" => site.id.to_string())
                    .set(site.inbox.free_bytes() as f64);
            }
        }
        self.handle.run_upkeep();
        self.handle.render()
    }
}

fn show_site(site: &SiteService) {
    let label = || site.id.to_string();
    let state = &site.state;
    counter!("davy_commits_total", "site" => label()).absolute(state.number.load(Ordering::Acquire));
    counter!("davy_transitions_total", "site" => label()).absolute(site.feed.sequence());
    counter!("davy_journal_flushes_total", "site" => label()).absolute(state.flushes.load(Ordering::Relaxed));
    let flush_s = state.flush_us.load(Ordering::Relaxed) as f64 / 1e6;
    gauge!("davy_journal_flush_seconds_sum", "site" => label()).set(flush_s);
    gauge!("davy_journal_failing", "site" => label())
        .set(f64::from(u8::from(state.failing.load(Ordering::Acquire))));
    gauge!("davy_alert_subscribers", "site" => label()).set(site.feed.subscribers() as f64);
    let entries = site.feed.book().standing();
    for tier in Tier::ALL {
        let active = entries
            .iter()
            .filter(|entry| entry.last.facts.tier == tier && entry.last.facts.condition == Condition::Active);
        gauge!("davy_alarms_active", "site" => label(), "tier" => tier.word()).set(active.count() as f64);
    }
}

fn show_readings(site: &Arc<str>, totals: &Totals) {
    let label = || site.to_string();
    counter!("davy_messages_total", "site" => label()).absolute(totals.messages);
    counter!("davy_payload_bytes_total", "site" => label()).absolute(totals.payload_bytes);
    counter!("davy_readings_received_total", "site" => label()).absolute(totals.received);
    counter!("davy_readings_judged_total", "site" => label()).absolute(totals.judged);
    for (reason, count) in &totals.rejected {
        counter!("davy_readings_rejected_total", "site" => label(), "code" => reason.word()).absolute(*count);
    }
    for (reason, count) in &totals.warned {
        counter!("davy_readings_warned_total", "site" => label(), "code" => reason.word()).absolute(*count);
    }
    for (cause, count) in &totals.dropped {
        counter!("davy_readings_dropped_total", "site" => label(), "cause" => cause.word()).absolute(*count);
    }
    for (fate, count) in [
        ("duplicate", totals.duplicate),
        ("out_of_order", totals.out_of_order),
        ("too_old", totals.too_old),
        ("unbound", totals.unbound),
    ] {
        counter!("davy_readings_not_judged_total", "site" => label(), "fate" => fate).absolute(count);
    }
}
