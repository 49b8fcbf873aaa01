//! Programs that know HTTP and JSON only.

use std::process::Stdio;

use davy_tests::{LONG, get};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::{H2S, gateway, park, send};

/// What `curl` says to a path of Davy's: the HTTP status and the body.
pub(super) async fn curl(url: &str, words: &[&str]) -> (u16, Value) {
    let mut command = Command::new("curl");
    command.args(["--silent", "--max-time", "20", "--write-out", "\n%{http_code}"]).args(words).arg(url);
    let said = command.output().await.expect("curl is there");
    let text = String::from_utf8(said.stdout).expect("UTF-8");
    let (body, code) = text.rsplit_once('\n').unwrap_or_else(|| panic!("no answer: {text}"));
    let body = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    (code.parse().expect("a status"), body)
}

pub(super) const JSON: [&str; 2] = ["--header", "content-type: application/json"];

#[tokio::test]
async fn whoever_knows_json_alone_lists_alarms_and_is_told_what_was_wrong() {
    let (_setup, server, _grpc) = park().await;
    let mut gateway = gateway(server.door().await).await;
    send(&mut gateway, "AT-0412/h2s", 12.4).await;

    let list = format!("{}/davy.v1.AlarmService/List", server.url());
    let (code, listed) = curl(&list, &[&JSON[..], &["--data", r#"{"sites":["park"]}"#]].concat()).await;
    assert_eq!((code, &listed["alarms"][0]["id"]), (200, &H2S.into()), "{listed}");
    assert_eq!(listed["alarms"][0]["state"], "ALARM_STATE_ACTIVE_UNACKNOWLEDGED");
    // By a link alone, as from a browser: and with nothing asked.
    let asked = [&["--get", "--data-urlencode", r#"message={"tier_at_least":"TIER_RED"}"#][..]].concat();
    assert_eq!(curl(&list, &asked).await, (200, json!({})), "nothing is red");
    assert_eq!(curl(&list, &[]).await.1["alarms"][0]["id"], H2S);
    // A page that shows two columns of the grave ones asks for no more than that.
    let two = r#"message={"filter":"tier >= YELLOW AND tags:\"AT-0412/h2s\"","read_mask":"id,value"}"#;
    let (_, narrow) = curl(&list, &["--get", "--data-urlencode", two]).await;
    assert_eq!(narrow, json!({"alarms": [{"id": H2S, "value": 12.4}], "total": 1}));

    let cases = [
        ("AlarmService/List", r#"{"sits":["park"]}"#, 400, "REQUEST_INVALID", "sits"),
        ("AlarmService/List", r#"{"sites":["mine"]}"#, 404, "SITE_UNKNOWN", "mine"),
        ("AlarmService/List", r#"{"filter":"tier = PURPLE"}"#, 400, "REQUEST_INVALID", "RED"),
        ("DeviceService/List", r#"{"order_by":"nodes"}"#, 400, "REQUEST_INVALID", "edge_node"),
        ("RuleService/List", r#"{"site":"park","read_mask":"name"}"#, 400, "REQUEST_INVALID", "title"),
        ("AlarmService/Acknowledge", "{}", 501, "METHOD_UNKNOWN", "only what reads"),
        ("NoService/List", "{}", 501, "METHOD_UNKNOWN", "NoService"),
    ];
    for (method, asked, code, reason, says) in cases {
        let url = format!("{}/davy.v1.{method}", server.url());
        let (status, error) = curl(&url, &[&JSON[..], &["--data", asked]].concat()).await;
        assert_eq!((status, &error["reason"]), (code, &reason.into()), "{method}: {error}");
        assert!(error["message"].as_str().is_some_and(|text| text.contains(says)), "{error}");
        assert!(error["message_zh"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
        // The way to the page leads somewhere, with no other network than the plant's.
        let (status, page) = get(server.http(), error["help"].as_str().expect("a page")).await;
        assert!(status == 200 && page.starts_with(&format!("# {reason}")), "{status}: {page}");
    }
}

/// A stream of events, read by `curl` until it is dropped.
struct Events {
    lines: Lines<BufReader<ChildStdout>>,
    _curl: Child,
}

impl Events {
    fn of(url: &str, words: &[&str]) -> Events {
        let mut command = Command::new("curl");
        command.args(["--silent", "--no-buffer"]).args(words).arg(url);
        let mut curl = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().expect("curl is there");
        let lines = BufReader::new(curl.stdout.take().expect("piped")).lines();
        Events { lines, _curl: curl }
    }

    /// The next event: its id, and what it holds.
    async fn next(&mut self) -> (String, Value) {
        let (mut id, mut data) = (String::new(), Value::Null);
        loop {
            let line =
                tokio::time::timeout(LONG, self.lines.next_line()).await.expect("in time").expect("readable");
            let line = line.expect("the stream goes on");
            match line.split_once(':') {
                Some(("id", rest)) => id = rest.trim().to_owned(),
                Some(("data", rest)) => data = serde_json::from_str(rest).expect("JSON"),
                _ if line.is_empty() && !data.is_null() => return (id, data),
                _ => {}
            }
        }
    }

    /// The next alert: its id as an event, and the id of the transition.
    async fn alert(&mut self) -> (String, String) {
        loop {
            let (id, event) = self.next().await;
            if let Some(alert) = event["alert"]["id"].as_str() {
                return (id, alert.to_owned());
            }
        }
    }
}

#[tokio::test]
async fn an_event_stream_that_breaks_goes_on_where_it_was() {
    let (_setup, server, _grpc) = park().await;
    let mut gateway = gateway(server.door().await).await;
    let url = format!("{}/davy.v1.AlertService/Subscribe", server.url());
    let mut events = Events::of(&url, &["--get", "--data-urlencode", r#"message={"snapshot":true}"#]);
    assert!(events.next().await.1["snapshot_begin"].is_object());
    send(&mut gateway, "AT-0412/h2s", 12.4).await;
    let (token, raised) = events.alert().await;
    assert!(raised.starts_with(H2S) && !token.is_empty(), "{raised} {token}");
    drop(events);

    send(&mut gateway, "AT-0412/h2s", 20.0).await;
    let last = format!("last-event-id: {token}");
    let mut again =
        Events::of(&url, &["--header", &last, "--get", "--data-urlencode", r#"message={"snapshot":true}"#]);
    let (_, next) = again.alert().await;
    assert!(next.starts_with(H2S) && next != raised, "what came next, and not what was heard: {next}");
}
