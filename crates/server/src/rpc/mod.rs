//! The gRPC services, and the clients made from the same files.

mod alarm_counts;
mod alarm_history;
mod alarm_past;
mod alarms;
mod alerts;
mod audit;
mod commands;
mod complete;
mod dead_letters;
mod devices;
mod exits;
mod explain;
mod history;
mod lens;
mod link;
mod link_tree;
mod links;
pub(crate) mod meaning;
mod methods;
mod page_len;
mod page_token;
mod performance;
mod place;
mod question;
mod request_id;
mod rules;
mod sessions;
pub(crate) mod status;
mod streamed;
mod system;
mod telemetry;
mod tier_at_least;
mod transitions;
mod view;
mod words;

use std::sync::Arc;

use axum::Router;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tower::limit::ConcurrencyLimit;

use crate::hub::Hub;

/// Generated service stubs of `proto/davy/v1`.
#[allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all, rustdoc::all)]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/davy.v1.rs"));
}

use v1::{
    alarm_service_server::AlarmServiceServer, alert_service_server::AlertServiceServer,
    audit_service_server::AuditServiceServer, dead_letter_service_server::DeadLetterServiceServer,
    device_service_server::DeviceServiceServer, exit_service_server::ExitServiceServer,
    link_service_server::LinkServiceServer, rule_service_server::RuleServiceServer,
    session_service_server::SessionServiceServer, system_service_server::SystemServiceServer,
    telemetry_service_server::TelemetryServiceServer,
};

pub(crate) use self::alerts::heartbeat;
pub(crate) use self::complete::complete;
#[cfg(test)]
pub(crate) use self::explain::tests as testing;
pub use self::methods::METHODS;
pub(crate) use self::{status::too_many_calls, streamed::taking_streams, telemetry::WATCHERS_MAX};

/// Longest request taken, bytes.
const REQUEST_LEN_MAX: usize = 1 << 20;
/// Longest request taken from somebody who is not known yet, bytes.
const LOGIN_LEN_MAX: usize = 16 << 10;
/// Longest request taken that carries a site's files, bytes: all that a site may have, and tests.
const FILES_LEN_MAX: usize = 160 << 20;

/// The calls that carry a site's files.
const WITH_FILES: [&str; 4] = ["Check", "Test", "Backtest", "Propose"];
/// How many of these are taken in at once; more wait.
const FILES_CALLS_MAX: usize = 4;
/// What these can take, bytes.
pub(crate) const FILES_BYTES_MAX: usize = FILES_CALLS_MAX * FILES_LEN_MAX;

/// Everything gRPC on this port: Davy's services, health and reflection.
pub(crate) async fn routes(hub: &Arc<Hub>, stop: &CancellationToken) -> Router {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<AlarmServiceServer<alarms::Alarms>>().await;
    reporter.set_serving::<AlertServiceServer<alerts::Alerts>>().await;
    let alarms = AlarmServiceServer::new(alarms::Alarms::new(Arc::clone(hub)));
    let alerts = AlertServiceServer::new(alerts::Alerts { hub: Arc::clone(hub), stop: stop.clone() });
    let system = SystemServiceServer::new(system::System { hub: Arc::clone(hub), stop: stop.clone() });
    let letters = DeadLetterServiceServer::new(dead_letters::Letters { hub: Arc::clone(hub) });
    let audit = AuditServiceServer::new(audit::AuditEntries { hub: Arc::clone(hub) });
    let devices = DeviceServiceServer::new(devices::Devices { hub: Arc::clone(hub) });
    let exits = ExitServiceServer::new(exits::Ways { hub: Arc::clone(hub) });
    let links = LinkServiceServer::new(link::Links { hub: Arc::clone(hub), stop: stop.clone() });
    let telemetry = TelemetryServiceServer::new(telemetry::Telemetry::new(hub, stop));
    let sessions = SessionServiceServer::new(sessions::Sessions { hub: Arc::clone(hub) });
    let rules = RuleServiceServer::new(rules::Rules::new(Arc::clone(hub)));
    let with_files = rules.clone().max_decoding_message_size(FILES_LEN_MAX);
    let mut routes = Routes::new(health)
        .add_service(rules.max_decoding_message_size(REQUEST_LEN_MAX))
        .add_service(alarms.max_decoding_message_size(REQUEST_LEN_MAX))
        .add_service(alerts.max_decoding_message_size(REQUEST_LEN_MAX))
        .add_service(system.max_decoding_message_size(REQUEST_LEN_MAX))
        .add_service(audit.max_decoding_message_size(REQUEST_LEN_MAX))
        .add_service(letters.max_decoding_message_size(REQUEST_LEN_MAX))
        .add_service(exits.max_decoding_message_size(REQUEST_LEN_MAX))
        .add_service(links.max_decoding_message_size(REQUEST_LEN_MAX))
        .add_service(telemetry.max_decoding_message_size(REQUEST_LEN_MAX))
        .add_service(sessions.max_decoding_message_size(LOGIN_LEN_MAX))
        .add_service(devices.max_decoding_message_size(REQUEST_LEN_MAX));
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(davy_proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    // Older clients ask v1alpha, newer ones v1.
    if let Ok(service) = reflection().build_v1() {
        routes = routes.add_service(service);
    }
    if let Ok(service) = reflection().build_v1alpha() {
        routes = routes.add_service(service);
    }
    taking_files(routes.prepare().into_axum_router(), with_files)
}

/// Routes the calls that carry files to where longer requests are taken, a few at once.
fn taking_files(router: Router, rules: RuleServiceServer<rules::Rules>) -> Router {
    let rules = ConcurrencyLimit::new(rules, FILES_CALLS_MAX);
    WITH_FILES.iter().fold(router, |router, call| {
        router.route_service(&format!("/davy.v1.RuleService/{call}"), rules.clone())
    })
}
