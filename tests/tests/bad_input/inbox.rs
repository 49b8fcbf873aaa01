//! A device that was refused at night: in the morning its messages are there, whatever became of Davy meanwhile; mended, they
//! are sent again, once.

use davy_tests::mqtt::{Login, Mqtt, Packet, Version};
use davy_tests::{Davy, Fault, Grpc, LONG, Metrics, Setup, davy, get, has_strace, wait_until};
use jiff::Timestamp;
use serde_json::Value;

use super::{RULES, SITE};

const READINGS: &str = "davy/v1/works/gw-1/readings";
const TAGS: &str = "tag,quantity,unit,low,high,edge_node\nX/h2s,gas.h2s,ppm,0,100,gw-1\n";
/// The row that was forgotten.
const NEW: &str = "N/h2s,gas.h2s,ppm,0,100,gw-1\n";

#[tokio::test]
async fn what_was_refused_at_night_is_there_in_the_morning_and_is_sent_again_once() {
    let mut setup = Setup::new();
    setup.site("works", &[("site.yaml", SITE), ("tags.csv", TAGS), ("rules/h2s.yaml", RULES)]);
    setup.configure("");
    let now_ms = Timestamp::now().as_millisecond();
    let measured = Timestamp::from_millisecond(now_ms - 600_000).expect("a time");
    let night = format!(
        r#"{{"readings":[{{"tag":"N/h2s","value":50,"unit":"ppm","ts":{}}}]}}"#,
        measured.as_millisecond()
    );

    let mut server = Davy::serve(&setup.config()).await;
    publish(&server, READINGS, night.as_bytes()).await;
    publish(&server, READINGS, b"{\"tag\": \xFF}").await;
    publish(&server, "davy/v1/elsewhere/gw-1/readings", b"{}").await;
    until_written(&server, 2.0).await;
    let seen = everything(&server).await;
    assert_eq!(ids(&seen), ["/1", "works/2", "works/1"], "{seen:?}");
    server.kill();

    // In the morning.
    let mut server = Davy::serve(&setup.config()).await;
    assert_eq!(everything(&server).await, seen, "the inbox is another after the kill");
    let grpc = Grpc::connect(server.http()).await;
    let forgotten = grpc.site("works").await.revision;
    setup.write("works/tags.csv", &format!("{TAGS}{NEW}"));
    server.hang_up();
    wait_until("the row is active", LONG, async || {
        (grpc.site("works").await.revision != forgotten).then_some(())
    })
    .await;
    let url = server.url();
    let replayed = replay(&url).await.remove(0);
    assert_eq!((&replayed["accepted"], &replayed["rejected"]), (&1.into(), &0.into()), "{replayed}");
    until_written(&server, 0.0).await;
    server.kill();
    in_the_journal_late_and_silent(&setup, measured).await;

    // Whatever happens now, it was sent again.
    let mut server = Davy::serve(&setup.config()).await;
    let url = server.url();
    let shown = davy(["deadletters", "show", "works/1", "--json", "--server", &url]).await.ended(0).one();
    assert!(shown["replayed_time"].is_string(), "{shown}");
    assert!(replay(&url).await.is_empty(), "sent again twice");
    publish(&server, READINGS, b"[").await;
    let newest = ids(&everything(&server).await).remove(0);
    let number = newest.strip_prefix("works/").and_then(|number| number.parse().ok());
    assert!(number.is_some_and(|number: u64| number > 2), "{newest} was given before");
    assert_eq!(server.stop().await, 0, "{}", server.log());
}

#[tokio::test]
async fn a_disk_that_takes_no_letter_holds_nobody_up_and_gets_them_when_it_is_well() {
    if !has_strace() {
        return;
    }
    let mut setup = Setup::new();
    setup.site("works", &[("site.yaml", SITE), ("tags.csv", TAGS), ("rules/h2s.yaml", RULES)]);
    setup.configure("");
    let mut server = Davy::serve(&setup.config()).await;
    publish(&server, READINGS, b"[").await;
    until_written(&server, 1.0).await;
    let file = setup.path("data/dead-letters.db");
    let fault = Fault::begin(&server, &file, "pwrite64:error=ENOSPC").await;
    publish(&server, READINGS, b"[[").await;
    wait_until("the failure is told", LONG, async || {
        (Metrics::of(server.http()).await.figure("davy_dead_letters_failing", &[]) == 1.0).then_some(())
    })
    .await;
    assert!(server.log().contains("dead letters cannot be written"), "nothing in the log");
    // Readings are acknowledged, alarms raised, letters kept; a full disk of letters is no failing journal.
    publish(&server, READINGS, br#"{"tag": "X/h2s", "value": 50}"#).await;
    let grpc = Grpc::connect(server.http()).await;
    wait_until("the alarm stands", LONG, async || {
        grpc.standing("works").await.iter().any(|alarm| alarm.id == "works:h2s:X/h2s").then_some(())
    })
    .await;
    assert_eq!(get(server.http(), "/healthz").await.0, 200);
    let seen = everything(&server).await;
    assert_eq!(ids(&seen), ["works/2", "works/1"]);
    fault.end().await;
    until_written(&server, 2.0).await;
    assert_eq!(Metrics::of(server.http()).await.figure("davy_dead_letters_failing", &[]), 0.0);
    server.kill();
    let server = Davy::serve(&setup.config()).await;
    assert_eq!(everything(&server).await, seen);
}

/// Publishes, and waits for the PUBACK.
async fn publish(server: &Davy, topic: &str, payload: &[u8]) {
    let login = Login { id: "gw-1", user: None };
    let mut gateway = Mqtt::connect(server.door().await, Version::V311, login).await.expect("let in");
    let sent = gateway.publish(topic, payload).await.expect("it goes out");
    loop {
        match gateway.next().await.expect("the connection stands") {
            Packet::PubAck { id, .. } if id == sent => return,
            _ => {}
        }
    }
}

/// Waits until so many letters of the site were written in this process, and all are in the file.
async fn until_written(server: &Davy, letters: f64) {
    let of_works: &[(&str, &str)] = &[("site", "works")];
    wait_until("the letters are in their file", LONG, async || {
        let metrics = Metrics::of(server.http()).await;
        let came = metrics.figure("davy_dead_letters_total", of_works);
        let unsaved = metrics.figure("davy_dead_letters_unsaved", of_works)
            + metrics.figure("davy_dead_letters_unsaved", &[("site", "")]);
        (came == letters && unsaved == 0.0).then_some(())
    })
    .await;
}

/// All that `list`, `groups` and `show` say.
async fn everything(server: &Davy) -> Vec<Vec<Value>> {
    let url = server.url();
    let ask = async |args: &[&str]| {
        davy([&["deadletters"], args, &["--json", "--server", &url]].concat()).await.ended(0).json()
    };
    let list = ask(&["list"]).await;
    let mut all = vec![list.clone(), ask(&["groups"]).await];
    for letter in &list {
        all.push(ask(&["show", letter["id"].as_str().expect("an id")]).await);
    }
    all
}

fn ids(everything: &[Vec<Value>]) -> Vec<String> {
    everything[0].iter().map(|letter| letter["id"].as_str().expect("an id").to_owned()).collect()
}

async fn replay(url: &str) -> Vec<Value> {
    davy(["deadletters", "replay", "works/1", "--by", "ann", "--json", "--server", url]).await.ended(0).json()
}

/// The reading is there at the time it was measured, marked; its alarm is late, and called nobody.
async fn in_the_journal_late_and_silent(setup: &Setup, measured: Timestamp) {
    let journal = setup.journal("works");
    let exported = davy(["journal", "export", journal.to_str().expect("a path")]).await.ended(0).json();
    let replayed = |line: &&Value| line["value"]["messages"][0]["freshness"] == "replayed";
    let marked: Vec<_> = exported.iter().filter(replayed).collect();
    assert_eq!(marked.len(), 1, "{exported:#?}");
    let reading = &marked[0]["value"]["readings"][0];
    let at = |time: &Value| time.as_str().and_then(|time| time.parse::<Timestamp>().ok()).expect("a time");
    assert_eq!((&reading["value"], at(&reading["source_time"])), (&50.0.into(), measured), "{reading}");
    let transitions = exported.iter().map(|line| &line["transition"]);
    let raised = transitions.clone().find(|found| found["kind"] == "raised" && found["tags"][0] == "N/h2s");
    let raised = raised.unwrap_or_else(|| panic!("no alarm: {exported:#?}"));
    assert_eq!((&raised["late"], &raised["sounds"]), (&true.into(), &false.into()), "{raised}");
    assert_eq!(at(&raised["source_time"]), measured, "{raised}");
}
