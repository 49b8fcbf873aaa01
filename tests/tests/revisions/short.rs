//! A journal that keeps six hours of a day: a backtest of more than that is of history, unless somebody wants the journal.

use std::{os::unix::fs::symlink, time::Duration};

use davy_proto::{
    time_from_wire,
    v1::{Prediction, ReadingsSource, RuleServiceBacktestRequest},
};
use davy_server::Retention;
use davy_tests::{Davy, Grpc, Setup, davy};
use tempfile::TempDir;

use super::{
    day::{STEP_S, Served, at, folder, loaded},
    until_history_has_all,
};

/// Serves the day, and lets all of it go but its last six hours. The data are in memory where that can be: a day has
/// thousands of commits.
fn record(setup: &Setup) -> TempDir {
    let data = folder();
    symlink(data.path(), setup.path("data")).expect("a link");
    let journal = setup.journal("s0");
    let retention = Retention { keep: Duration::from_secs(6 * 3600), ..Retention::default() };
    let mut site = Served::new(0, &journal, retention);
    site.open();
    (0..86_400).step_by(STEP_S as usize).for_each(|second| site.second(second));
    data
}

#[tokio::test]
async fn what_a_journal_let_go_is_judged_out_of_history() {
    let mut setup = Setup::new();
    let files = loaded(0, 2).bundle.files.clone();
    let files: Vec<(&str, &str)> = files.iter().map(|file| (&*file.path, &*file.text)).collect();
    setup.site("s0", &files);
    setup.configure("[history]\nreadings = \"3653d\"\n");
    let _data = record(&setup);
    // Of the morning there is what was imported: two minutes of a tag far too high.
    let rows: String = (0..6).map(|n| format!("{},t0,99\n", at(6 * 3600 + n * STEP_S))).collect();
    setup.write("morning.csv", &format!("time,tag,value\n{rows}"));
    let (config, morning) =
        (setup.config().display().to_string(), setup.path("morning.csv").display().to_string());
    davy(["import", &morning, "--site", "s0", "--config", &config]).await.ended(0);

    let mut server = Davy::serve(&setup.config()).await;
    until_history_has_all(&server, "s0").await;
    let mut rules = Grpc::connect(server.http()).await.rules();
    let mut judged = async |days: u64, source: ReadingsSource| {
        let last = prost_types::Duration { seconds: days as i64 * 86_400, nanos: 0 };
        let request = RuleServiceBacktestRequest {
            site: "s0".to_owned(),
            last: Some(last),
            source: source.into(),
            ..Default::default()
        };
        let answer = rules.backtest(request).await.expect("an answer").into_inner();
        (answer.source(), answer.prediction.expect("figures"))
    };
    let from = |found: &Prediction| {
        assert_eq!(found.problem, "", "{found:?}");
        time_from_wire(found.from.as_ref().expect("a time")).expect("a time")
    };
    // Since the day is long over, the last week is in the journal; the years before are not.
    let (source, _) = judged(7, ReadingsSource::Unspecified).await;
    assert_eq!(source, ReadingsSource::Journal);
    let (source, found) = judged(3650, ReadingsSource::Unspecified).await;
    assert_eq!((source, from(&found)), (ReadingsSource::History, at(6 * 3600)), "{found:?}");
    let (source, in_journal) = judged(3650, ReadingsSource::Journal).await;
    assert_eq!(source, ReadingsSource::Journal);
    assert!(from(&in_journal) >= at(17 * 3600), "{in_journal:?}");
    assert!(found.raises_before > in_journal.raises_after, "the morning counts: {found:?} {in_journal:?}");
    // The files are those that are active.
    assert_eq!((found.gained, found.lost, found.moved), (0, 0, 0), "{found:?}");
    assert_eq!(server.stop().await, 0);
}
