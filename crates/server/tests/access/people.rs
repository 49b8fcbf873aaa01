//! What is in the record, who agrees with whom, and what is told to whom.

use std::time::Duration;

use davy_access::Role;
use davy_proto::v1 as wire;
use davy_server::{CanaryConfig, rpc::v1::alert_service_client::AlertServiceClient};
use prost::Message;
use tokio::time::{Instant, sleep};
use tonic::Request;

use super::{
    house::{House, PASSWORD, accounts, person, site, token, word},
    login::log_in,
};

const EVERYWHERE: &str = "scope = \"*\"";

fn grants(roles: &[&str]) -> String {
    let one = |role: &&str| format!("{{ role = \"{role}\", {EVERYWHERE} }}");
    roles.iter().map(one).collect::<Vec<_>>().join(", ")
}

async fn ask<R: Message + Default>(
    house: &House,
    path: &str,
    token: &str,
    message: &impl Message,
) -> Result<R, String> {
    let answer = house.ask(path, Some(token), message.encode_to_vec()).await;
    let said = word(&answer);
    answer.map(|bytes| R::decode(bytes).expect("an answer")).map_err(|_| said)
}

fn shelve(actor: &str, approved_by: &str, occurrence: Option<u64>) -> wire::AlarmServiceShelveRequest {
    let target = wire::CommandTarget {
        alarm: "park:high:T".into(),
        occurrence,
        actor: actor.into(),
        approved_by: approved_by.into(),
        comment: "test gas".into(),
        request_id: String::new(),
    };
    let duration = Some(prost_types::Duration { seconds: 600, nanos: 0 });
    wire::AlarmServiceShelveRequest { target: Some(target), duration, one_shot: false }
}

/// `park:high:T` is red: to shelve it takes two.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_person_signs_and_the_record_has_the_names_that_were_proven() {
    const SHELVE: &str = "/davy.v1.AlarmService/Shelve";
    let people = person("ann", "s1", &grants(&["operator", "viewer"]))
        + &person("ann-2", "s1", &grants(&["shift_leader"]))
        + &person("lead", "s2", &grants(&["shift_leader"]));
    let house = House::open(&people).await;
    let ann = log_in(&house, "ann", PASSWORD).await.expect("let in");
    let again = log_in(&house, "ann-2", PASSWORD).await.expect("let in");
    let lead = log_in(&house, "lead", PASSWORD).await.expect("let in");
    let sign = |by: String, command: &'static str| {
        let house = &house;
        async move {
            let asked = wire::SessionServiceCountersignRequest {
                alarm: "park:high:T".into(),
                occurrence: 0,
                command: command.into(),
            };
            let path = "/davy.v1.SessionService/Countersign";
            ask::<wire::SessionServiceCountersignResponse>(house, path, &by, &asked)
                .await
                .map(|signed| signed.token)
        }
    };
    assert_eq!(
        sign(ann.clone(), "shelve").await,
        Err("NOT_ALLOWED".to_owned()),
        "an operator does not countersign"
    );
    let own = sign(again, "shelve").await.expect("signed");
    let other = sign(lead.clone(), "acknowledge").await.expect("signed");
    let right = sign(lead, "shelve").await.expect("signed");
    for (what, approved_by, want) in [
        ("nobody agrees", "", "SECOND_PERSON_NEEDED"),
        ("a name is written there", "lead", "COUNTERSIGNATURE_INVALID"),
        ("one's own other account", own.as_str(), "COUNTERSIGNATURE_INVALID"),
        ("for another command", other.as_str(), "COUNTERSIGNATURE_INVALID"),
        ("another occurrence than was signed", "?", "COUNTERSIGNATURE_INVALID"),
    ] {
        let asked = if approved_by == "?" {
            shelve("ann", &right, Some(7))
        } else {
            shelve("ann", approved_by, None)
        };
        let answer = ask::<wire::AlarmServiceShelveResponse>(&house, SHELVE, &ann, &asked).await;
        assert_eq!(answer.expect_err(what), want, "{what}");
    }
    let asked = shelve("somebody else", &right, None);
    let done = ask::<wire::AlarmServiceShelveResponse>(&house, SHELVE, &ann, &asked).await.expect("shelved");
    assert_eq!(done.alarm.expect("it stands").state(), wire::AlarmState::Shelved);
    let asked =
        wire::AlarmServiceListTransitionsRequest { alarm: "park:high:T".into(), ..Default::default() };
    let path = "/davy.v1.AlarmService/ListTransitions";
    let told: wire::AlarmServiceListTransitionsResponse =
        ask(&house, path, &ann, &asked).await.expect("told");
    let actor = told.transitions.iter().find_map(|told| told.actor.clone()).expect("somebody did it");
    assert_eq!((actor.name.as_str(), actor.approved_by.as_str()), ("ann", "lead"));
    let unshelve = wire::AlarmServiceUnshelveRequest { target: shelve("ann", "", None).target };
    ask::<wire::AlarmServiceUnshelveResponse>(&house, "/davy.v1.AlarmService/Unshelve", &ann, &unshelve)
        .await
        .expect("unshelved");
    let answer = ask::<wire::AlarmServiceShelveResponse>(&house, SHELVE, &ann, &asked_again(&right)).await;
    assert_eq!(answer.expect_err("used"), "COUNTERSIGNATURE_INVALID", "once");
}

fn asked_again(token: &str) -> wire::AlarmServiceShelveRequest {
    shelve("ann", token, None)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_approves_their_own_rules_by_a_second_account() {
    let people = person("ann", "s1", &grants(&["engineer"]))
        + &person("ann-approves", "s1", &grants(&["approver"]))
        + &person("bob", "s2", &grants(&["approver"]));
    let house = House::open(&people).await;
    let ann = log_in(&house, "ann", PASSWORD).await.expect("let in");
    let again = log_in(&house, "ann-approves", PASSWORD).await.expect("let in");
    let bob = log_in(&house, "bob", PASSWORD).await.expect("let in");
    let davy_server::SiteSource::Files(files) = site("park") else { unreachable!() };
    let looser = |text: &str| text.replace("above: 50", "above: 60");
    let files = files.iter().map(|file| wire::SiteFile { path: file.path.clone(), text: looser(&file.text) });
    let asked = wire::RuleServiceProposeRequest {
        files: files.collect(),
        actor: "bob".into(),
        comment: "too many alarms".into(),
        ..Default::default()
    };
    let path = "/davy.v1.RuleService/Propose";
    let proposed: wire::RuleServiceProposeResponse = ask(&house, path, &ann, &asked).await.expect("proposed");
    let revision = proposed.revision.expect("a revision");
    assert!(revision.needs_second_person);
    let actor = revision.events[0].actor.clone().expect("somebody");
    assert_eq!(actor.name, "ann", "not who was written there");
    let target = wire::RevisionTarget {
        site: "park".into(),
        revision: revision.revision,
        actor: "x".into(),
        ..Default::default()
    };
    let asked = wire::RuleServiceApproveRequest { target: Some(target), ..Default::default() };
    let path = "/davy.v1.RuleService/Approve";
    let approve = |token: String| {
        let (house, asked) = (&house, &asked);
        async move { ask::<wire::RuleServiceApproveResponse>(house, path, &token, asked).await }
    };
    assert_eq!(approve(ann).await.expect_err("no approver"), "NOT_ALLOWED");
    assert_eq!(approve(again).await.expect_err("the same person"), "SECOND_PERSON_NEEDED");
    let approved = approve(bob).await.expect("approved").revision.expect("it");
    assert_eq!(approved.events.last().and_then(|event| event.actor.clone()).expect("somebody").name, "bob");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_is_all_that_the_caller_may_see() {
    let house = House::open(&accounts()).await;
    for (scope, want) in [
        ("all", vec!["gas", "mine", "park"]),
        ("province", vec!["gas", "mine", "park"]),
        ("city", vec!["mine", "park"]),
        ("own", vec!["park"]),
        ("sister", vec!["mine"]),
        ("other", vec!["gas"]),
    ] {
        let path = "/davy.v1.SystemService/GetStatus";
        let asked = wire::SystemServiceGetStatusRequest::default();
        let viewer = token(Role::Viewer, scope);
        let told: wire::SystemServiceGetStatusResponse =
            ask(&house, path, &viewer, &asked).await.expect("told");
        let sites: Vec<String> = told.sites.into_iter().map(|site| site.site).collect();
        assert_eq!(sites, want, "{scope}");
        // A list of sites with one beyond the scope is refused as a whole.
        let asked =
            wire::AlarmServiceListRequest { sites: vec!["park".into(), "gas".into()], ..Default::default() };
        let answer =
            ask::<wire::AlarmServiceListResponse>(&house, "/davy.v1.AlarmService/List", &viewer, &asked)
                .await;
        assert_eq!(answer.is_ok(), want.len() == 3, "{scope}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_canary_is_known_where_all_others_have_to_be() {
    let house = House::with(&accounts(), |config, _| {
        config.canary =
            Some(CanaryConfig { every: Duration::from_secs(1), deadline: Duration::from_secs(20) });
    })
    .await;
    let viewer = token(Role::Viewer, "all");
    for _ in 0..300 {
        let path = "/davy.v1.SystemService/GetStatus";
        let asked = wire::SystemServiceGetStatusRequest::default();
        let told: wire::SystemServiceGetStatusResponse =
            ask(&house, path, &viewer, &asked).await.expect("told");
        if told.canary.expect("it is on").last_time.is_some() {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("the canary was not heard within 30 s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_is_its_callers_and_nobody_else_moves_its_cursor() {
    let house = House::open(&accounts()).await;
    let (one, other) = (token(Role::Viewer, "all"), token(Role::Viewer, "province"));
    let path = "/davy.v1.AlertService/Confirm";
    let asked = wire::AlertServiceConfirmRequest { consumer: "desk".into(), token: "d1.park:0".into() };
    ask::<wire::AlertServiceConfirmResponse>(&house, path, &one, &asked).await.expect("confirmed");
    let subscribe = wire::AlertServiceSubscribeRequest { consumer: "desk".into(), ..Default::default() };
    for (what, token, snapshot) in [("who confirmed", &one, false), ("another of that name", &other, true)] {
        let path = "/davy.v1.AlertService/Subscribe";
        let first: wire::AlertServiceSubscribeResponse =
            ask(&house, path, token, &subscribe).await.expect("let in");
        // Whoever was never here is told first how things stand.
        let is_snapshot =
            matches!(first.event, Some(wire::alert_service_subscribe_response::Event::SnapshotBegin(_)));
        assert_eq!(is_snapshot, snapshot, "{what}: {first:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_beyond_the_scope_is_answered_as_one_that_there_is_not() {
    let house = House::open(&accounts()).await;
    let path = "/davy.v1.AlertService/Subscribe";
    let sister = token(Role::Viewer, "sister");
    for (scope, expected) in [
        ("370000", "OK"),
        ("370000/370500/mine", "OK"),
        ("370000/370500/park", "SITE_UNKNOWN"),
        ("370000/370600", "SITE_UNKNOWN"),
        ("370000/370700", "SITE_UNKNOWN"),
    ] {
        let asked = wire::AlertServiceSubscribeRequest { scopes: vec![scope.into()], ..Default::default() };
        let answer = house.ask(path, Some(&sister), asked.encode_to_vec()).await;
        assert_eq!(word(&answer), expected, "{scope}");
    }
}

/// Streams that nobody ends are their own account's trouble.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_has_so_many_calls_at_once_and_another_has_its_own() {
    const LIST: &str = "/davy.v1.AlarmService/List";
    let house = House::with(&accounts(), |config, _| config.port.limits.caller_calls_max = 2).await;
    let (viewer, other) = (token(Role::Viewer, "all"), token(Role::Operator, "all"));
    let mut alerts = AlertServiceClient::new(house.channel.clone());
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut request = Request::new(wire::AlertServiceSubscribeRequest::default());
        request.metadata_mut().insert("authorization", format!("Bearer {viewer}").parse().expect("a header"));
        held.push(alerts.subscribe(request).await.expect("there is room"));
    }
    let ask = async |token: &str| word(&house.ask(LIST, Some(token), Vec::new()).await);
    assert_eq!(ask(&viewer).await, "CALLS_TOO_MANY");
    assert_eq!(ask(&other).await, "OK");
    drop(held.pop());
    let end = Instant::now() + Duration::from_secs(60);
    while ask(&viewer).await != "OK" {
        assert!(Instant::now() < end, "its place was not given back");
        sleep(Duration::from_millis(5)).await;
    }
}
