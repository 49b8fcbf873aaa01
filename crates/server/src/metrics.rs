//! `/metrics`, in Prometheus' text form. Counts come from the books that are kept anyway; nothing is counted twice.

mod door;

use std::sync::{Arc, OnceLock, atomic::Ordering};

use davy_delivery::consumers::Silence;
use davy_intake::{DeadLetters, Totals, hj212::Hj212Stats, sparkplug::SparkplugStats};
use davy_model::{Condition, Tier};
use metrics::{counter, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::{
    canary::Standing,
    guard::IssuerKeys,
    hub::Hub,
    kept::Kept,
    link::Forwarded,
    port::{Calls, PortStats, Refused},
    site::SiteService,
};

/// The recorder of this process.
#[derive(Clone)]
pub(crate) struct Metrics {
    handle: PrometheusHandle,
}

/// Bounds of the buckets of the canary's round trip, s.
const CANARY_BUCKETS_S: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// One recorder a process: a second server in it shares it.
static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

impl Metrics {
    pub(crate) fn install() -> Metrics {
        let handle = RECORDER.get_or_init(|| {
            let builder = PrometheusBuilder::new();
            let canary = Matcher::Full("davy_canary_seconds".to_owned());
            let builder = builder.set_buckets_for_metric(canary, CANARY_BUCKETS_S);
            let recorder = builder.expect("there are buckets").build_recorder();
            let handle = recorder.handle();
            // Somebody else's recorder is installed: then ours stays empty but for what is set on it, which is nothing.
            let _ = metrics::set_global_recorder(recorder);
            handle
        });
        Metrics { handle: handle.clone() }
    }

    /// Brings every figure up to date and writes the page.
    pub(crate) fn render(&self, hub: &Hub, port: &PortStats, calls: &Calls) -> String {
        gauge!("davy_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        show_canary(hub);
        gauge!("davy_dead_letters_failing").set(f64::from(u8::from(hub.letters.is_failing())));
        counter!("davy_dead_letters_write_failures_total").absolute(hub.letters.failures());
        for site in hub.plants() {
            show_site(site);
            let age_s = hub.pulse.age(&site.id).or(site.forwarded.as_ref().and_then(Forwarded::heard_age));
            let age_s = age_s.map_or(f64::NAN, |age| age.as_secs_f64());
            gauge!("davy_heartbeat_age_seconds", "site" => site.id.to_string()).set(age_s);
            if let Some(door) = hub.intake.directory.site(&site.id) {
                show_readings(&site.id, &door.account.totals());
                show_letters(&site.id, &door.dead_letters);
                counter!("davy_messages_lost_total", "site" => site.id.to_string())
                    .absolute(door.gaps.lost());
                gauge!("davy_inbox_free_bytes", "site" => site.id.to_string())
                    .set(site.inbox.free_bytes() as f64);
            }
        }
        // What came for no site that is served: the site's name is empty.
        show_letters("", &hub.intake.strays.dead_letters);
        show_hj212(&hub.intake.hj212_stats());
        show_port(port, calls);
        if let Some(door) = hub.door.get() {
            door::show(&door.counts());
        }
        show_certificates(hub);
        show_history(hub);
        show_audit(hub);
        show_issuer(hub);
        show_exits(hub);
        show_links(hub);
        show_consumers(hub);
        for (site, stats) in hub.intake.sparkplug.stats(&hub.intake.directory) {
            show_sparkplug(&site, &stats);
        }
        self.handle.run_upkeep();
        self.handle.render()
    }
}

/// How the issuer of tokens does, where one is asked for its keys.
fn show_issuer(hub: &Hub) {
    let Some((fails, failures)) = hub.access.issuer_keys().and_then(IssuerKeys::troubles) else { return };
    gauge!("davy_issuer_keys_failing").set(f64::from(u8::from(fails)));
    counter!("davy_issuer_keys_failures_total").absolute(failures);
}

/// How the audit log does.
fn show_audit(hub: &Hub) {
    let health = hub.audit.health();
    let fails = health.trouble().is_some() || health.damage().is_some();
    gauge!("davy_audit_failing").set(f64::from(u8::from(fails)));
    counter!("davy_audit_failures_total").absolute(health.failures());
}

/// How far history is, where any is kept.
fn show_history(hub: &Hub) {
    let Some(history) = &hub.history else { return };
    let health = &history.health;
    let now = hub.clock.now();
    let failing_s = health.trouble(now).map_or(0.0, |(since, _)| now.since(since).as_secs_f64());
    gauge!("davy_history_failing_seconds").set(failing_s);
    counter!("davy_history_failures_total").absolute(health.failures());
    let tended = health.last_tended();
    gauge!("davy_history_roll_up_due").set(tended.due as f64);
    counter!("davy_history_dropped_total").absolute(tended.dropped);
    for (site, stands) in health.sites() {
        let label = || site.to_string();
        if let Some(at) = stands.at {
            gauge!("davy_history_lag_seconds", "site" => label()).set(now.since(at).as_secs_f64());
        }
        let written = stands.written;
        for (fate, count) in [("new", written.new), ("known", written.known), ("too_old", written.too_old)] {
            counter!("davy_history_readings_total", "site" => label(), "fate" => fate).absolute(count);
        }
        counter!("davy_history_lost_commits_total", "site" => label()).absolute(stands.lost_commits);
        if let Some(service) = hub.sites.get(&site) {
            let owed = service.state.kept.owed_bytes(service.state.number.load(Ordering::Acquire));
            gauge!("davy_history_owed_bytes", "site" => label()).set(owed as f64);
        }
    }
}

/// How the links to the Davys above and below do, where any are configured.
fn show_links(hub: &Hub) {
    if let Some(upward) = &hub.upward {
        let shown = upward.shown(hub);
        gauge!("davy_link_connected").set(f64::from(u8::from(shown.connected)));
        gauge!("davy_link_owed_transitions").set(shown.owed as f64);
    }
    for lower in hub.lowers.iter() {
        let label = || lower.config.name.to_string();
        let silent = lower.is_silent(lower.heard_age()) == Some(true);
        gauge!("davy_lower_silent", "lower" => label()).set(f64::from(u8::from(silent)));
        for (name, count) in [
            ("davy_lower_transitions_total", &lower.transitions),
            ("davy_lower_missing_total", &lower.missing),
            ("davy_lower_refused_total", &lower.refused),
        ] {
            counter!(name, "lower" => label()).absolute(count.load(Ordering::Relaxed));
        }
    }
}

/// How exits do, where any are configured.
fn show_exits(hub: &Hub) {
    let Some(exits) = &hub.exits else { return };
    let now = hub.clock.now();
    for door in exits.doors() {
        let label = || door.name.to_string();
        let figures = door.health.figures();
        counter!("davy_exit_delivered_total", "exit" => label()).absolute(figures.delivered);
        counter!("davy_exit_refused_total", "exit" => label()).absolute(figures.refused);
        counter!("davy_exit_failed_attempts_total", "exit" => label()).absolute(figures.failed_attempts);
        counter!("davy_exit_gaps_total", "exit" => label()).absolute(figures.gaps);
        let failing_s = exits.trouble(door).map_or(0.0, |(since, _)| now.since(since).as_secs_f64());
        gauge!("davy_exit_failing_seconds", "exit" => label()).set(failing_s);
        let owed = figures.dealt_with.iter().map(|(site, sequence)| {
            hub.feed.site(site).map_or(0, |feed| feed.sequence().saturating_sub(*sequence))
        });
        gauge!("davy_exit_owed_transitions", "exit" => label()).set(owed.sum::<u64>() as f64);
    }
    let drops = exits.store().drops();
    gauge!("davy_exit_notes_failing").set(f64::from(u8::from(exits.store().is_failing())));
    for (what, count) in [
        ("lost_notes", drops.lost_notes),
        ("lost_dead_letters", drops.lost_letters),
        ("evicted_notes", drops.evicted_entries),
        ("evicted_dead_letters", drops.evicted_letters),
    ] {
        counter!("davy_exit_dropped_total", "what" => what).absolute(count);
    }
}

/// How durable consumers do: counts of all, and each of those that must listen by its name.
fn show_consumers(hub: &Hub) {
    let all = hub.consumers.all();
    let connected = all.iter().filter(|consumer| consumer.standing().streams > 0).count();
    for (state, count) in [("connected", connected), ("gone", all.len() - connected)] {
        gauge!("davy_consumers", "state" => state).set(count as f64);
    }
    let now = hub.clock.now();
    for must in &hub.must_listen {
        let standing = hub.consumers.get(&must.who).map(|consumer| consumer.standing());
        let listens = standing
            .as_ref()
            .is_some_and(|one| one.silence(must.silent_after, hub.started, now) == Silence::None);
        let label = || must.who.name.to_string();
        gauge!("davy_consumer_listens", "consumer" => label()).set(f64::from(u8::from(listens)));
        let positions = standing.iter().flat_map(|one| &one.positions);
        let behind = positions.map(|(site, position)| {
            hub.feed.site(site).map_or(0, |feed| feed.sequence().saturating_sub(position.sequence))
        });
        gauge!("davy_consumer_behind_transitions", "consumer" => label()).set(behind.sum::<u64>() as f64);
    }
    let drops = hub.consumers.drops();
    gauge!("davy_consumer_ledger_failing").set(f64::from(u8::from(drops.is_failing)));
    for (what, count) in [("lost", drops.lost), ("evicted", drops.evicted)] {
        counter!("davy_consumer_ledger_dropped_total", "what" => what).absolute(count);
    }
}

fn show_canary(hub: &Hub) {
    let standing = hub.canary.standing(hub.clock.now());
    let flag = |on: bool| f64::from(u8::from(on));
    gauge!("davy_canary_enabled").set(flag(standing != Standing::Off));
    gauge!("davy_canary_overdue").set(flag(matches!(standing, Standing::Overdue { .. })));
    let (back, missed) = hub.canary.counts();
    counter!("davy_canary_rounds_total", "result" => "back").absolute(back);
    counter!("davy_canary_rounds_total", "result" => "missed").absolute(missed);
    if let Some(last) = hub.canary.last() {
        gauge!("davy_canary_last_seconds", "until" => "raised").set(last.raised_in.as_secs_f64());
        gauge!("davy_canary_last_seconds", "until" => "cleared").set(last.cleared_in.as_secs_f64());
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
    show_kept(&site.id, &state.kept);
    gauge!("davy_alert_subscribers", "site" => label()).set(site.feed.subscribers() as f64);
    gauge!("davy_watchers", "site" => label()).set(site.live.watchers() as f64);
    counter!("davy_watch_dropped_commits_total", "site" => label()).absolute(site.live.dropped());
    let entries = site.feed.book().standing();
    for tier in Tier::ALL {
        let active = entries
            .iter()
            .filter(|entry| entry.last.facts.tier == tier && entry.last.facts.condition == Condition::Active);
        gauge!("davy_alarms_active", "site" => label(), "tier" => tier.word()).set(active.count() as f64);
    }
}

/// What the site's journal keeps.
fn show_kept(site: &Arc<str>, kept: &Kept) {
    let label = || site.to_string();
    gauge!("davy_journal_bytes", "site" => label()).set(kept.bytes.load(Ordering::Relaxed) as f64);
    gauge!("davy_journal_bytes_max", "site" => label()).set(kept.bytes_max.load(Ordering::Relaxed) as f64);
    let growth_per_s = kept.growth_per_h.load(Ordering::Relaxed) as f64 / 3600.0;
    gauge!("davy_journal_growth_bytes_per_second", "site" => label()).set(growth_per_s);
    let full_in_s = kept.full_in().map_or(f64::INFINITY, |left| left.as_secs_f64());
    gauge!("davy_journal_full_in_seconds", "site" => label()).set(full_in_s);
    gauge!("davy_journal_first_commit", "site" => label()).set(kept.first.load(Ordering::Acquire) as f64);
    let since_s = kept.since().as_micros() as f64 / 1e6;
    gauge!("davy_journal_first_commit_timestamp_seconds", "site" => label()).set(since_s);
    for (why, count) in [("age", &kept.let_go_age), ("size", &kept.let_go_size), ("owed", &kept.lost_owed)] {
        counter!("davy_journal_forgotten_commits_total", "site" => label(), "why" => why)
            .absolute(count.load(Ordering::Relaxed));
    }
}

fn show_letters(site: &str, letters: &DeadLetters) {
    let label = || site.to_owned();
    counter!("davy_dead_letters_total", "site" => label()).absolute(letters.written());
    counter!("davy_dead_letters_evicted_total", "site" => label()).absolute(letters.evicted());
    gauge!("davy_dead_letters_unsaved", "site" => label()).set(letters.unsaved_len() as f64);
}

/// Until when they hold, and how often new ones were taken, and not.
fn show_certificates(hub: &Hub) {
    let now = hub.clock.now();
    for served in &hub.certificates {
        let place = served.place();
        if let Some(ends) = served.ends() {
            let left_s = ends.micros_since(now) as f64 / 1e6;
            gauge!("davy_certificate_ends_in_seconds", "place" => place).set(left_s);
        }
        let (renewed, refused) = served.counts();
        counter!("davy_certificate_renewals_total", "place" => place).absolute(renewed);
        counter!("davy_certificate_files_refused_total", "place" => place).absolute(refused);
        gauge!("davy_certificate_files_bad", "place" => place)
            .set(f64::from(u8::from(served.trouble().is_some())));
    }
}

/// The HTTP port: who is there, and what was refused.
fn show_port(port: &PortStats, calls: &Calls) {
    gauge!("davy_http_calls").set(calls.taken() as f64);
    gauge!("davy_http_connections").set(port.connections() as f64);
    counter!("davy_http_connections_total").absolute(port.accepted());
    for why in Refused::ALL {
        counter!("davy_http_refused_total", "why" => why.word()).absolute(port.refused(why));
    }
}

fn show_hj212(stats: &Hj212Stats) {
    gauge!("davy_hj212_connections").set(stats.connections as f64);
    counter!("davy_hj212_connections_total").absolute(stats.accepted);
    counter!("davy_hj212_connections_turned_away_total").absolute(stats.turned_away);
    counter!("davy_hj212_frames_total").absolute(stats.frames);
    counter!("davy_hj212_refused_total").absolute(stats.refused);
    counter!("davy_hj212_answers_total").absolute(stats.answers);
    counter!("davy_hj212_bytes_total").absolute(stats.bytes);
}

/// The sessions of a site's Sparkplug edge nodes.
fn show_sparkplug(site: &Arc<str>, stats: &SparkplugStats) {
    let label = || site.to_string();
    for (state, nodes) in [("online", stats.online), ("offline", stats.offline), ("unheard", stats.unheard)] {
        gauge!("davy_sparkplug_edge_nodes", "site" => label(), "state" => state).set(nodes as f64);
    }
    let counts = stats.counts;
    counter!("davy_sparkplug_births_total", "site" => label()).absolute(counts.births);
    counter!("davy_sparkplug_deaths_total", "site" => label()).absolute(counts.deaths);
    counter!("davy_sparkplug_stale_deaths_total", "site" => label()).absolute(counts.stale_deaths);
    counter!("davy_sparkplug_gaps_total", "site" => label()).absolute(counts.gaps);
    counter!("davy_sparkplug_reordered_total", "site" => label()).absolute(counts.reordered);
    counter!("davy_sparkplug_duplicates_total", "site" => label()).absolute(counts.duplicates);
    counter!("davy_sparkplug_rebirths_asked_total", "site" => label()).absolute(counts.rebirths_asked);
    counter!("davy_sparkplug_rebirths_held_total", "site" => label()).absolute(counts.rebirths_held);
    for (reason, count) in &stats.refused {
        counter!("davy_sparkplug_messages_refused_total", "site" => label(), "code" => reason.word())
            .absolute(*count);
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
