//! The first ten minutes of whoever writes rules: the page is followed word for word.

use davy_tests::{
    Davy, Grpc, davy, has_mosquitto,
    page::{blocks, follow},
};

#[tokio::test]
async fn the_first_ten_minutes_end_with_a_rule_that_is_active() {
    if !has_mosquitto() {
        return;
    }
    let (_folder, server) = follow("docs/tuners/README.md").await;
    let grpc = Grpc::connect(server.http()).await;
    what_cannot_be_asked_of_performance(&server).await;
    let counts = grpc.site("workshop").await.readings.expect("a site has counts");
    assert_eq!((counts.evaluated, counts.rejected), (6, 0), "{counts:?}");
}

async fn what_cannot_be_asked_of_performance(server: &Davy) {
    let ask = |words: &[&str]| {
        let url = server.url();
        let call: Vec<String> = ["alarms", "performance", "--server", &url]
            .iter()
            .chain(words)
            .map(ToString::to_string)
            .collect();
        davy(call)
    };
    let refused = ask(&["--site", "nowhere"]).await.ended(1);
    assert!(refused.err.contains("SITE_UNKNOWN"), "{}", refused.err);
    let backwards = ["--site", "workshop", "--from", "2026-02-01T00:00:00Z", "--to", "2026-01-01T00:00:00Z"];
    let refused = ask(&backwards).await.ended(1);
    assert!(
        refused.err.contains("REQUEST_INVALID") && refused.err.contains("is not before"),
        "{}",
        refused.err
    );
    // Before anything happened, nothing had.
    let quiet = ask(&[
        "--site",
        "workshop",
        "--from",
        "2026-01-01T00:00:00Z",
        "--to",
        "2026-01-02T00:00:00Z",
        "--json",
    ]);
    let quiet = quiet.await.ended(0).one();
    assert_eq!(
        (&quiet["figures"][0]["name"], &quiet["figures"][0]["value"]),
        (&"alarms".into(), &0.0.into()),
        "{quiet}"
    );
}

#[test]
fn the_chinese_page_has_the_same_commands_and_answers() {
    assert_eq!(blocks("docs/tuners/zh/README.md"), blocks("docs/tuners/README.md"));
}
