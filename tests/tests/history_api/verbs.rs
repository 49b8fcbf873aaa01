//! What `davy tags` answers about a running Davy.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use davy_tests::{davy, davy_binary, lines_of};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::{Park, a_while_ago};

async fn told(park: &Park, call: &str) -> String {
    let args = call.split(' ').chain(["--url"]).map(str::to_owned).chain([park.server.url()]);
    davy(args).await.ended(0).out
}

fn of<'a>(lines: &'a [Value], keys: &[&str]) -> Vec<Vec<&'a Value>> {
    lines.iter().map(|line| keys.iter().map(|key| &line[key]).collect()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_are_told_now_as_they_come_and_as_they_were() {
    let mut park = Park::start("", None).await;
    let start = a_while_ago();
    let sent: Vec<_> = (0..120).map(|second| (start + second.seconds(), second as f64, "good")).collect();
    park.send("TK-1/level", &sent).await;
    park.send("AT-1/h2s", &[(start, 150.0, "good")]).await;
    park.settle().await;

    let now = lines_of(&told(&park, "tags latest --site park --json").await);
    let keys = ["tag", "value", "unit", "source_time", "quality", "edge_node_state"];
    let micros = |time: Timestamp| format!("{time:.6}");
    assert_eq!(
        of(&now, &keys),
        [
            json!(["AT-1/h2s", 150.0, "ppm", micros(start), "good", "online"]),
            json!(["AT-2/h2s", null, "ppm", null, null, "online"]),
            json!(["TK-1/level", 119.0, "m", micros(start + 119.seconds()), "good", "online"]),
        ]
        .iter()
        .map(|line| line.as_array().expect("a list").iter().collect::<Vec<_>>())
        .collect::<Vec<_>>()
    );
    assert_eq!(now[0]["alarm"]["id"], "park:h2s:AT-1/h2s");
    assert_eq!(lines_of(&told(&park, "tags latest --tag AT-* --json").await), now[..2]);
    let table = told(&park, "tags latest").await;
    assert!(table.contains("150 ppm") && table.contains("park:h2s:AT-1/h2s"), "{table}");

    let (from, until) = (start, start + 1.hour());
    let history = format!("tags history --site park --tag TK-* --from {from} --until {until}");
    let raw = lines_of(&told(&park, &format!("{history} --json")).await);
    let values: Vec<f64> = raw.iter().filter_map(|line| line["value"].as_f64()).collect();
    assert_eq!(values, (0..120).map(f64::from).collect::<Vec<_>>());
    assert_eq!((&raw[0]["source_time"], &raw[0]["unit"]), (&json!(micros(start)), &json!("m")));
    let buckets = lines_of(&told(&park, &format!("{history} --every 10s --json")).await);
    let first = &buckets[0];
    assert_eq!((buckets.len(), &first["min"], &first["max"]), (12, &json!(0.0), &json!(9.0)));
    assert_eq!((&first["start"], &first["count"]), (&json!(micros(start)), &json!(10)));
    let table = told(&park, &format!("{history} --points 2000")).await;
    assert!(table.contains("TK-1/level") && table.contains("100.0 %"), "{table}");

    let refused = davy(["tags", "latest", "--site", "nowhere", "--url", &park.server.url()]).await.ended(1);
    assert!(refused.err.contains("SITE_UNKNOWN"), "{}", refused.err);
    watched(&mut park).await;
    assert_eq!(park.server.stop().await, 0);
}

async fn watched(park: &mut Park) {
    let mut command = Command::new(davy_binary());
    let call = "tags watch --site park --tag AT-* --snapshot --json --url";
    command.args(call.split(' ')).arg(park.server.url()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("davy runs");
    let out = child.stdout.take().expect("it is piped");
    let mut lines = BufReader::new(out).lines();
    let mut next = move || -> Value {
        let line = lines.next().expect("a line").expect("text");
        serde_json::from_str(&line).expect("JSON")
    };
    let (first, second, next) =
        tokio::task::spawn_blocking(move || (next(), next(), next)).await.expect("a snapshot");
    assert_eq!((&first["tag"], &second["tag"]), (&json!("AT-1/h2s"), &json!("AT-2/h2s")));
    let at = Timestamp::now();
    park.send("TK-1/level", &[(at, 1.5, "good")]).await;
    park.send("AT-2/h2s", &[(at, 2.5, "uncertain")]).await;
    let line = tokio::task::spawn_blocking(next).await.expect("a reading");
    assert_eq!(
        (&line["tag"], &line["value"], &line["unit"], &line["quality"]),
        (&json!("AT-2/h2s"), &json!(2.5), &json!("ppm"), &json!("uncertain:unspecified"))
    );
    assert!(line["commit"].as_u64() > Some(0) && line["recorded_time"].is_string(), "{line}");
    child.kill().expect("one's own child");
    child.wait().expect("it ends");
}
