//! Logging in and out by password, and what a change of the accounts file does.

use std::{fs, time::Duration};

use bytes::Bytes;
use davy_access::Role;
use davy_proto::v1 as wire;
use davy_server::rpc::v1::alert_service_client::AlertServiceClient;
use prost::Message;
use tokio::time::timeout;
use tonic::Status;

use super::house::{House, PASSWORD, accounts, person, token, word};

const WHO_AM_I: &str = "/davy.v1.SessionService/WhoAmI";
const LIST: &str = "/davy.v1.AlarmService/List";

pub(crate) async fn log_in(house: &House, name: &str, password: &str) -> Result<String, Status> {
    let asked = wire::SessionServiceLoginRequest { name: name.to_owned(), password: password.to_owned() };
    let answer = house.ask("/davy.v1.SessionService/Login", None, asked.encode_to_vec()).await?;
    let answer = wire::SessionServiceLoginResponse::decode(answer).expect("an answer");
    assert!(answer.expires_time.is_some());
    Ok(answer.token)
}

fn said(answer: Result<String, Status>) -> String {
    word(&answer.map(|_| Bytes::new()))
}

pub(crate) async fn who(house: &House, token: &str) -> Result<wire::SessionServiceWhoAmIResponse, Status> {
    let answer = house.ask(WHO_AM_I, Some(token), Vec::new()).await?;
    Ok(wire::SessionServiceWhoAmIResponse::decode(answer).expect("an answer"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_lasts_from_log_in_to_log_out() {
    let ann = person("ann", "staff-7", "{ role = \"operator\", scope = \"370000/370500\" }");
    let house = House::open(&ann).await;
    let token = log_in(&house, "ann", PASSWORD).await.expect("let in");
    let me = who(&house, &token).await.expect("known");
    assert_eq!((me.name.as_str(), me.kind.as_str()), ("ann", "person"));
    assert_eq!(
        me.grants,
        [wire::Grant { role: "operator".into(), scope: "370000/370500".into(), edge_nodes: vec![] }]
    );
    assert!(me.permissions.contains(&wire::Permission::Operate.into()));
    assert!(!me.permissions.contains(&wire::Permission::Approve.into()));
    assert!(me.expires_time.is_some());
    assert_eq!(word(&house.ask(LIST, Some(&token), Vec::new()).await), "OK");
    let out =
        house.ask("/davy.v1.SessionService/Logout", Some(&token), Vec::new()).await.expect("logged out");
    assert!(wire::SessionServiceLogoutResponse::decode(out).expect("an answer").ended);
    assert_eq!(
        word(&house.ask(LIST, Some(&token), Vec::new()).await),
        "AUTH_FAILED",
        "replayed after the log-out"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_wrong_passwords_and_the_right_one_is_wrong_too() {
    let house = House::open(&person("ann", "ann", "")).await;
    for (name, password) in
        [("ann", "x"), ("ann", ""), ("nobody", PASSWORD), ("ann", "Correct horse"), ("ann", "y")]
    {
        assert_eq!(said(log_in(&house, name, password).await), "AUTH_FAILED", "{name} {password}");
    }
    assert_eq!(
        said(log_in(&house, "ann", PASSWORD).await),
        "AUTH_FAILED",
        "the address has tried five times"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tries_at_once_are_counted_one_by_one() {
    let house = House::open(&person("ann", "ann", "")).await;
    let one = |number: u32| {
        let house = &house;
        async move {
            // The right one joins the queue behind the others.
            let (password, after) = if number == 19 { (PASSWORD, 100) } else { ("wrong", 0) };
            tokio::time::sleep(Duration::from_millis(after)).await;
            log_in(house, "ann", password).await
        }
    };
    let answers = futures_util::future::join_all((0..20).map(one)).await;
    assert!(answers.iter().all(Result::is_err), "the twentieth came after five wrong ones");
}

/// A password that is as dear to verify as may be, so that nobody here waits for it.
fn dear() -> String {
    person("dear", "dear", "").replace("m=19456,t=2,", "m=65536,t=10,")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_hangs_up_has_tried_all_the_same() {
    let house = House::open(&(dear() + &person("ann", "ann", "") + &accounts())).await;
    for _ in 0..10 {
        let answer = timeout(Duration::from_millis(100), log_in(&house, "dear", "wrong")).await;
        assert!(answer.is_err(), "it takes longer to verify one");
    }
    let answer = said(log_in(&house, "ann", PASSWORD).await);
    assert_eq!(answer, "AUTH_FAILED", "its address has tried five times");
    // The fifth may be noted a moment after those that it locked out.
    let mut wrong = 0;
    for _ in 0..100 {
        let tried = entries(&house, "login").await;
        wrong = tried.iter().filter(|entry| entry.after_json.contains("the password is wrong")).count();
        if wrong == 5 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{wrong} of five wrong tries are noted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_that_is_nobodys_takes_as_long_as_an_account() {
    let house = House::open(&dear()).await;
    for name in ["dear", "nobody"] {
        let answer = timeout(Duration::from_millis(300), log_in(&house, name, "wrong")).await;
        assert!(answer.is_err(), "{name} is answered at once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_logins_fills_no_log_and_hides_nobody_else() {
    let house = House::open(&(person("ann", "ann", "") + &accounts())).await;
    for _ in 0..300 {
        assert_eq!(said(log_in(&house, "nobody", "wrong").await), "AUTH_FAILED");
    }
    let long = "x".repeat(2000);
    assert_eq!(said(log_in(&house, &long, "wrong").await), "AUTH_FAILED");
    assert_eq!(word(&house.ask(LIST, Some("a stranger's"), Vec::new()).await), "AUTH_FAILED");
    let logins = entries(&house, "login").await;
    let tried = logins.iter().filter(|entry| entry.after_json.contains("the password is wrong"));
    assert_eq!((tried.count(), logins.len()), (5, 125));
    assert_eq!(entries(&house, "refused").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_says_whose_session_was_asked_for_whoever_asked() {
    let house = House::open(&(person("ann", "ann", "") + &accounts())).await;
    let viewer = token(Role::Viewer, "all");
    for password in [PASSWORD, "wrong"] {
        let asked = wire::SessionServiceLoginRequest { name: "ann".into(), password: password.into() };
        drop(house.ask("/davy.v1.SessionService/Login", Some(&viewer), asked.encode_to_vec()).await);
    }
    let told = entries(&house, "login").await;
    assert_eq!(told.len(), 2);
    for entry in &told {
        assert_eq!(entry.who.as_ref().map(|who| who.name.as_str()), Some("viewer-all"));
        assert!(entry.after_json.contains("\"name\":\"ann\""), "{entry:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_accounts_file_counts_within_seconds_and_a_broken_file_changes_nothing() {
    let house = House::open(&accounts()).await;
    let viewer = token(Role::Viewer, "all");
    assert_eq!(word(&house.ask(LIST, Some(&viewer), Vec::new()).await), "OK");
    fs::write(house.accounts_file(), "[[account]]\nname = broken").expect("written");
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(
        word(&house.ask(LIST, Some(&viewer), Vec::new()).await),
        "OK",
        "a broken file locks nobody out"
    );
    let struck_out = |one: &&str| !one.starts_with("name = \"viewer-all\"");
    let fewer: Vec<String> = accounts()
        .split("[[account]]\n")
        .skip(1)
        .filter(struck_out)
        .map(|one| format!("[[account]]\n{one}"))
        .collect();
    fs::write(house.accounts_file(), fewer.concat()).expect("written");
    let mut said = String::new();
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        said = word(&house.ask(LIST, Some(&viewer), Vec::new()).await);
        if said == "AUTH_FAILED" {
            return it_is_noted(&house, "viewer-all").await;
        }
    }
    panic!("still {said} 10 s after the account was struck out");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_within_seconds_of_the_log_out_and_goes_on_while_its_caller_is_known() {
    let house =
        House::open(&(person("ann", "ann", "{ role = \"viewer\", scope = \"*\" }") + &accounts())).await;
    let token_of_ann = log_in(&house, "ann", PASSWORD).await.expect("let in");
    let anns = watch(&house, &token_of_ann).await;
    let others = watch(&house, &token(Role::Viewer, "all")).await;
    let (mut anns, mut others) = (anns, others);
    assert!(timeout(Duration::from_secs(7), ended(&mut anns)).await.is_err(), "it ended of itself");
    house.ask("/davy.v1.SessionService/Logout", Some(&token_of_ann), Vec::new()).await.expect("logged out");
    let status = timeout(Duration::from_secs(7), ended(&mut anns)).await.expect("it ends");
    assert_eq!(status.expect("not of itself").code(), tonic::Code::Unauthenticated);
    assert!(timeout(Duration::from_secs(1), ended(&mut others)).await.is_err(), "another's goes on");
    // So does a grant that was changed, though its account is known as before.
    let narrower = accounts().replace("\"viewer\", scope = \"*\"", "\"viewer\", scope = \"370000\"");
    fs::write(house.accounts_file(), narrower).expect("written");
    let status = timeout(Duration::from_secs(12), ended(&mut others)).await.expect("it ends");
    assert_eq!(status.expect("not of itself").code(), tonic::Code::Unauthenticated);
    let mut anew = watch(&house, &token(Role::Viewer, "all")).await;
    assert!(timeout(Duration::from_secs(1), ended(&mut anew)).await.is_err(), "known as before");
}

/// What the audit log has of a kind.
async fn entries(house: &House, what: &str) -> Vec<wire::AuditEntry> {
    let what = vec![what.to_owned()];
    let asked = wire::AuditServiceListRequest { what, page_size: 1000, ..Default::default() };
    let auditor = token(Role::Auditor, "all");
    let answer = house.ask("/davy.v1.AuditService/List", Some(&auditor), asked.encode_to_vec()).await;
    wire::AuditServiceListResponse::decode(answer.expect("an answer")).expect("an answer").entries
}

/// The audit log says which account is gone, and what it was allowed.
async fn it_is_noted(house: &House, gone: &str) {
    let entries = entries(house, "account_change").await;
    let told: Vec<&str> = entries.iter().map(|entry| entry.on.as_str()).collect();
    assert_eq!(told, [gone]);
    assert!(entries[0].before_json.contains("viewer in *"), "{:?}", entries[0]);
    assert!(entries[0].after_json.is_empty(), "{:?}", entries[0]);
}

type Alerts = tonic::Streaming<wire::AlertServiceSubscribeResponse>;

async fn watch(house: &House, token: &str) -> Alerts {
    let mut request =
        tonic::Request::new(wire::AlertServiceSubscribeRequest { heartbeat: true, ..Default::default() });
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    let mut client = AlertServiceClient::new(house.channel.clone());
    client.subscribe(request).await.expect("let in").into_inner()
}

/// Why a stream ended, when it has; it may never.
async fn ended(alerts: &mut Alerts) -> Option<Status> {
    loop {
        match alerts.message().await {
            Ok(Some(_)) => {}
            Ok(None) => return None,
            Err(status) => return Some(status),
        }
    }
}
