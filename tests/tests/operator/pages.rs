//! A list that is longer than a page.

use davy_proto::v1::{
    AlarmServiceAcknowledgeRequest, AlertServiceSubscribeRequest, CommandTarget,
    alert_service_subscribe_response::Event,
};
use serde_json::{Value, json};

use super::{
    gateway,
    mirror::{JSON, curl},
    park, send,
};

/// What makes an entry of a list out, whatever else of it moves.
fn name(entry: &Value) -> String {
    ["site", "edge_node", "device", "id"].map(|key| entry[key].as_str().unwrap_or("")).join("/")
}

/// All that a question is answered with, page by page: the entries, and how many pages they took.
async fn all(url: &str, key: &str, question: &Value, size: i32) -> (Vec<String>, usize) {
    let (mut question, mut names, mut pages) = (question.clone(), Vec::new(), 0);
    question["page_size"] = size.into();
    loop {
        let (code, page) = curl(url, &[&JSON[..], &["--data", &question.to_string()]].concat()).await;
        assert_eq!(code, 200, "{page}");
        let entries = page[key].as_array().cloned().unwrap_or_default();
        names.extend(entries.iter().map(name));
        pages += 1;
        let Some(token) = page["next_page_token"].as_str() else {
            assert_eq!(page["total"], names.len(), "{page}");
            return (names, pages);
        };
        question["page_token"] = token.into();
    }
}

#[tokio::test]
async fn whoever_turns_the_pages_of_a_list_sees_all_of_it_once_and_in_order() {
    let (_setup, server, _grpc) = park().await;
    let mut gateway = gateway(server.door().await).await;
    for (tag, value) in [("AT-0412/h2s", 12.4), ("AT-0413/h2s", 12.4), ("AT-0501/cl2", 5.0)] {
        send(&mut gateway, tag, value).await;
    }
    for (method, key, question, other) in [
        ("AlarmService/List", "alarms", json!({}), json!({"tier_at_least": "TIER_BLUE"})),
        ("DeviceService/List", "devices", json!({"order_by": "device"}), json!({})),
        (
            "RuleService/List",
            "rules",
            json!({"site": "park"}),
            json!({"site": "park", "filter": "tier = RED"}),
        ),
    ] {
        let url = format!("{}/davy.v1.{method}", server.url());
        let (whole, pages) = all(&url, key, &question, 100_000).await;
        assert!(pages == 1 && whole.len() > 2, "{method}: {whole:?}");
        let (turned, pages) = all(&url, key, &question, 2).await;
        assert_eq!((&turned, pages), (&whole, whole.len().div_ceil(2)), "{method}");

        let ask = async |mut question: Value, field: &str, value: Value| {
            question[field] = value;
            curl(&url, &[&JSON[..], &["--data", &question.to_string()]].concat()).await
        };
        let (_, first) = ask(question.clone(), "page_size", 1.into()).await;
        let (code, refused) = ask(other, "page_token", first["next_page_token"].clone()).await;
        assert_eq!((code, &refused["reason"]), (400, &"RESUME_TOKEN_INVALID".into()), "{method}: {refused}");
        let (code, refused) = ask(question, "page_size", (-1).into()).await;
        assert_eq!((code, &refused["reason"]), (400, &"REQUEST_INVALID".into()), "{method}: {refused}");
    }
}

/// Three alarms, of which the gravest comes first.
const THREE: [(&str, f64); 3] = [("AT-0412/h2s", 12.4), ("AT-0413/h2s", 12.4), ("AT-0501/cl2", 5.0)];

#[tokio::test]
async fn whoever_turns_the_pages_while_another_acknowledges_misses_no_alarm_that_stayed_as_it_was() {
    let (_setup, server, grpc) = park().await;
    let mut gateway = gateway(server.door().await).await;
    for (tag, value) in THREE {
        send(&mut gateway, tag, value).await;
    }
    let url = format!("{}/davy.v1.AlarmService/List", server.url());
    for order_by in ["", "acknowledged, id"] {
        let question = json!({"order_by": order_by});
        let ask = async |token: &str| {
            let mut asked = question.clone();
            (asked["page_size"], asked["page_token"]) = (1.into(), token.into());
            curl(&url, &[&JSON[..], &["--data", &asked.to_string()]].concat()).await.1
        };
        let (whole, _) = all(&url, "alarms", &question, 100).await;
        let first = ask("").await;
        let told = name(&first["alarms"][0]);
        let target = CommandTarget {
            alarm: first["alarms"][0]["id"].as_str().expect("an id").to_owned(),
            actor: "ann".to_owned(),
            ..CommandTarget::default()
        };
        let request = AlarmServiceAcknowledgeRequest { target: Some(target) };
        grpc.alarms().acknowledge(request).await.expect("seen");

        let (mut token, mut rest) = (first["next_page_token"].clone(), Vec::new());
        while let Some(text) = token.as_str().map(str::to_owned) {
            let page = ask(&text).await;
            rest.extend(page["alarms"].as_array().expect("alarms").iter().map(name));
            token = page["next_page_token"].clone();
        }
        // What fell silent in the meantime came.
        rest.retain(|name| *name != told && whole.contains(name));
        let stayed: Vec<&String> = whole.iter().filter(|name| **name != told).collect();
        assert!(stayed.len() > 1, "{whole:?}");
        assert_eq!(rest.iter().collect::<Vec<_>>(), stayed, "{order_by}");
    }
}

#[tokio::test]
async fn a_question_that_says_a_thing_twice_or_leaves_it_open_is_answered_as_the_plain_one() {
    let (_setup, server, grpc) = park().await;
    let mut gateway = gateway(server.door().await).await;
    for (tag, value) in THREE {
        send(&mut gateway, tag, value).await;
    }
    let url = format!("{}/davy.v1.AlarmService/List", server.url());
    let (plain, _) = all(&url, "alarms", &json!({}), 100).await;
    assert!(plain.len() >= 3, "{plain:?}");
    for (question, due) in [
        (json!({"sites": ["park", "park"]}), &plain[..]),
        (json!({"states": ["ALARM_STATE_UNSPECIFIED"]}), &plain),
        (json!({"states": ["ALARM_STATE_NORMAL", "ALARM_STATE_UNSPECIFIED"]}), &plain),
        // Only alarms that stand are listed, and no normal one has an open case.
        (json!({"states": ["ALARM_STATE_NORMAL"]}), &[]),
    ] {
        let asked = question.to_string();
        let (code, page) = curl(&url, &[&JSON[..], &["--data", &asked]].concat()).await;
        let told: Vec<String> = page["alarms"].as_array().into_iter().flatten().map(name).collect();
        assert_eq!((code, &told[..]), (200, due), "{question}");
        assert_eq!(page["total"].as_u64().unwrap_or_default(), due.len() as u64, "{question}");
    }
    let twice = vec!["park".to_owned(); 2];
    let request = AlertServiceSubscribeRequest { sites: twice, ..AlertServiceSubscribeRequest::default() };
    let mut stream = grpc.subscribe_as(request).await.expect("let in");
    match stream.next().await {
        Ok(Some(Event::SnapshotBegin(begin))) => assert_eq!(begin.alarms as usize, plain.len()),
        other => panic!("no snapshot: {other:?}"),
    }
}
