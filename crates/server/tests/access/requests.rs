//! A request of every method that asks for one site.

use davy_proto::v1 as wire;
use prost::Message;

/// What a method answers about a site that is outside a caller's scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outside {
    /// As about a site that there is not.
    Unknown,
    /// As about a thing that there is not.
    Other(&'static str),
    /// Nothing of a site is asked for or told.
    NoSite,
}

/// The request, and what is answered outside the scope. A method that is not here fails the matrix.
pub(crate) fn request(path: &str, site: &str) -> (Vec<u8>, Outside) {
    let alarm = format!("{site}:high:T");
    let sites = || vec![site.to_owned()];
    let target =
        || Some(wire::CommandTarget { alarm: alarm.clone(), actor: "ann".into(), ..Default::default() });
    let revision = || {
        let (site, revision) = (site.to_owned(), "ffff".to_owned());
        Some(wire::RevisionTarget {
            site,
            revision,
            actor: "ann".into(),
            comment: "why".into(),
            ..Default::default()
        })
    };
    let filter = || Some(wire::HistoryFilter { sites: sites(), ..Default::default() });
    let selector = || Some(wire::TagSelector { site: site.to_owned(), ..Default::default() });
    let site = site.to_owned();
    let (service, method) = path.trim_start_matches("/davy.v1.").split_once('/').expect("a path");
    let mut outside = Outside::Unknown;
    let bytes = match (service, method) {
        ("AlarmService", "List") => {
            wire::AlarmServiceListRequest { sites: sites(), ..Default::default() }.encode_to_vec()
        }
        ("AlarmService", "Get") => wire::AlarmServiceGetRequest { alarm, read_mask: None }.encode_to_vec(),
        ("AlarmService", "Explain") => {
            wire::AlarmServiceExplainRequest { alarm, occurrence: None }.encode_to_vec()
        }
        ("AlarmService", "Acknowledge") => {
            wire::AlarmServiceAcknowledgeRequest { target: target() }.encode_to_vec()
        }
        ("AlarmService", "Shelve") => {
            wire::AlarmServiceShelveRequest { target: target(), ..Default::default() }.encode_to_vec()
        }
        ("AlarmService", "Unshelve") => {
            wire::AlarmServiceUnshelveRequest { target: target() }.encode_to_vec()
        }
        ("AlarmService", "Reset") => wire::AlarmServiceResetRequest { target: target() }.encode_to_vec(),
        ("AlarmService", "SetOutOfService") => {
            wire::AlarmServiceSetOutOfServiceRequest { target: target() }.encode_to_vec()
        }
        ("AlarmService", "ReturnToService") => {
            wire::AlarmServiceReturnToServiceRequest { target: target() }.encode_to_vec()
        }
        // Every command begins with its target; a verdict follows it.
        ("AlarmService", "Verify" | "Act" | "GiveFeedback" | "Close" | "Comment") => {
            let mut bytes = wire::AlarmServiceResetRequest { target: target() }.encode_to_vec();
            bytes.extend(if method == "Verify" { &[2 << 3, 1][..] } else { &[] });
            bytes
        }
        ("AlarmService", "ListTransitions") => {
            wire::AlarmServiceListTransitionsRequest { site, ..Default::default() }.encode_to_vec()
        }
        ("AlarmService", "ListHistory") => {
            wire::AlarmServiceListHistoryRequest { filter: filter(), ..Default::default() }.encode_to_vec()
        }
        ("AlarmService", "CountHistory") => {
            wire::AlarmServiceCountHistoryRequest { filter: filter(), ..Default::default() }.encode_to_vec()
        }
        ("AlarmService", "GetPerformance") => {
            wire::AlarmServiceGetPerformanceRequest { site, ..Default::default() }.encode_to_vec()
        }
        ("AlertService", "Subscribe") => {
            wire::AlertServiceSubscribeRequest { sites: sites(), ..Default::default() }.encode_to_vec()
        }
        // What a token says of sites beyond one's own is passed over.
        ("AlertService", "Confirm") => {
            outside = Outside::NoSite;
            wire::AlertServiceConfirmRequest { consumer: "c".into(), token: "not one".into() }.encode_to_vec()
        }
        // A consumer is looked up by its name, which comes first, and nobody has one here.
        ("AlertService", "ListConsumers") => {
            outside = Outside::NoSite;
            Vec::new()
        }
        ("AlertService", "GetConsumer" | "DeleteConsumer" | "ListDeliveries") => {
            outside = Outside::NoSite;
            wire::AlertServiceGetConsumerRequest { consumer: "none".into(), ..Default::default() }
                .encode_to_vec()
        }
        ("DeadLetterService", "List") => {
            wire::DeadLetterServiceListRequest { site, ..Default::default() }.encode_to_vec()
        }
        ("DeadLetterService", "Get") => {
            outside = Outside::Other("REQUEST_INVALID");
            wire::DeadLetterServiceGetRequest { id: format!("{site}/1") }.encode_to_vec()
        }
        ("DeadLetterService", "ListGroups") => {
            wire::DeadLetterServiceListGroupsRequest { site }.encode_to_vec()
        }
        ("DeadLetterService", "Replay") => {
            wire::DeadLetterServiceReplayRequest { site, code: "UNIT_UNKNOWN".into(), ..Default::default() }
                .encode_to_vec()
        }
        ("DeviceService", "List") => {
            wire::DeviceServiceListRequest { site, ..Default::default() }.encode_to_vec()
        }
        // An exit is looked up by its name, which comes first, and nobody has one here.
        ("ExitService", _) => {
            outside = Outside::NoSite;
            wire::AlarmServiceGetRequest { alarm: "none".into(), read_mask: None }.encode_to_vec()
        }
        // Who is no lower Davy is told so before any site is looked at; the tree has what the caller sees.
        ("LinkService", _) => {
            outside = Outside::NoSite;
            Vec::new()
        }
        ("RuleService", "List") => {
            wire::RuleServiceListRequest { site, ..Default::default() }.encode_to_vec()
        }
        ("RuleService", "Get") => wire::RuleServiceGetRequest { site, ..Default::default() }.encode_to_vec(),
        ("RuleService", "Check") => {
            outside = Outside::NoSite;
            wire::RuleServiceCheckRequest::default().encode_to_vec()
        }
        ("RuleService", "Test") => {
            wire::RuleServiceTestRequest { site, ..Default::default() }.encode_to_vec()
        }
        ("RuleService", "Backtest") => {
            wire::RuleServiceBacktestRequest { site, ..Default::default() }.encode_to_vec()
        }
        ("RuleService", "Propose") => {
            let davy_server::SiteSource::Files(files) = super::house::site(&site) else { unreachable!() };
            let file = |file: davy_model::BundleFile| wire::SiteFile { path: file.path, text: file.text };
            let files = files.into_iter().map(file).collect();
            let (actor, comment) = ("ann".to_owned(), "why".to_owned());
            wire::RuleServiceProposeRequest { files, actor, comment, ..Default::default() }.encode_to_vec()
        }
        ("RuleService", "Approve") => {
            wire::RuleServiceApproveRequest { target: revision(), ..Default::default() }.encode_to_vec()
        }
        ("RuleService", "Reject") => {
            wire::RuleServiceRejectRequest { target: revision(), ..Default::default() }.encode_to_vec()
        }
        ("RuleService", "Shadow") => {
            wire::RuleServiceShadowRequest { target: revision(), ..Default::default() }.encode_to_vec()
        }
        ("RuleService", "Activate") => {
            wire::RuleServiceActivateRequest { target: revision(), ..Default::default() }.encode_to_vec()
        }
        ("RuleService", "Rollback") => {
            wire::RuleServiceRollbackRequest { target: revision(), ..Default::default() }.encode_to_vec()
        }
        ("RuleService", "ListRevisions") => {
            wire::RuleServiceListRevisionsRequest { site, ..Default::default() }.encode_to_vec()
        }
        ("RuleService", "GetRevision") => {
            wire::RuleServiceGetRevisionRequest { site, ..Default::default() }.encode_to_vec()
        }
        ("SessionService", "Login") => {
            outside = Outside::NoSite;
            wire::SessionServiceLoginRequest { name: "x".repeat(200), password: String::new() }
                .encode_to_vec()
        }
        ("SessionService", "Logout" | "WhoAmI") => {
            outside = Outside::NoSite;
            Vec::new()
        }
        ("SessionService", "Countersign") => {
            wire::SessionServiceCountersignRequest { alarm, occurrence: 1, command: "shelve".into() }
                .encode_to_vec()
        }
        // All that the caller may see is told: `people.rs` looks at what that is.
        ("SystemService", "GetStatus") => {
            outside = Outside::NoSite;
            Vec::new()
        }
        ("SystemService", "WatchHeartbeat") => {
            wire::SystemServiceWatchHeartbeatRequest { sites: sites() }.encode_to_vec()
        }
        ("TelemetryService", "ListLatest") => {
            wire::TelemetryServiceListLatestRequest { selector: selector(), ..Default::default() }
                .encode_to_vec()
        }
        ("TelemetryService", "Watch") => {
            wire::TelemetryServiceWatchRequest { selector: selector(), snapshot: false }.encode_to_vec()
        }
        ("TelemetryService", "Query") => {
            wire::TelemetryServiceQueryRequest { selector: selector(), ..Default::default() }.encode_to_vec()
        }
        ("TelemetryService", "Publish") => {
            let edge_node = "gw-1".to_owned();
            wire::TelemetryServicePublishRequest { site, edge_node, batch: None }.encode_to_vec()
        }
        // Of all that is noted, what the caller may see is told.
        ("AuditService", "List") => {
            outside = Outside::NoSite;
            Vec::new()
        }
        _ => panic!(
            "{path} is new: say here how it is asked about a site, and what it answers outside the scope"
        ),
    };
    (bytes, outside)
}
