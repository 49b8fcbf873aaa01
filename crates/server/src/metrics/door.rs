//! The MQTT door: who is there, and what was refused or ended, by its reason.

use davy_door::StatsSnapshot;
use metrics::{counter, gauge};

pub(super) fn show(stats: &StatsSnapshot) {
    gauge!("davy_door_connections").set(stats.connections as f64);
    counter!("davy_door_connections_total").absolute(stats.accepted);
    for (why, count) in [
        ("connections_full", stats.turned_away_full),
        ("connections_unauthenticated", stats.turned_away_unauthenticated),
        ("connections_too_often", stats.turned_away_rate),
        ("handshake", stats.tls_failed),
        ("connect_failed", stats.connect_failed),
        ("connect_refused", stats.connect_refused),
        ("protocol", stats.protocol_errors),
        ("keep_alive", stats.keep_alive_timeouts),
        ("stalled", stats.stalled),
        ("shut_out", stats.shut_out),
        ("topic_not_allowed", stats.refused),
        ("subscription_not_allowed", stats.subscriptions_refused),
    ] {
        counter!("davy_door_refused_total", "why" => why).absolute(count);
    }
    counter!("davy_door_taken_over_total").absolute(stats.taken_over);
}
