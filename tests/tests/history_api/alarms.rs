//! Transitions are found again by what they are about.

use davy_proto::v1::{
    AlarmServiceCountHistoryRequest, AlarmServiceListHistoryRequest, Alert, HistoryFilter, HistoryGrouping,
    Tier, TransitionKind,
};
use davy_tests::{LONG, davy, wait_until};
use jiff::{Timestamp, ToSpan};
use serde_json::Value;

use crate::{Park, reason, wire};

async fn ids(park: &Park, request: AlarmServiceListHistoryRequest) -> Vec<String> {
    let mut request = request;
    let mut found: Vec<Alert> = Vec::new();
    loop {
        let page = park.grpc.alarms().list_history(request.clone()).await.expect("an answer").into_inner();
        assert!(request.page_size == 0 || page.transitions.len() <= request.page_size as usize);
        found.extend(page.transitions);
        if page.next_page_token.is_empty() {
            return found.into_iter().map(|alert| alert.id).collect();
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transitions_are_found_by_what_they_are_about() {
    for park in Park::of_each_store().await {
        alarms_of(park).await;
    }
}

async fn alarms_of(mut park: Park) {
    let began = Timestamp::now();
    let mut at = Timestamp::now() - 20.seconds();
    for (tag, value) in [("AT-1/h2s", 150.0), ("AT-2/h2s", 150.0), ("AT-1/h2s", 250.0), ("AT-2/h2s", 5.0)] {
        at += 1.second();
        park.send(tag, &[(at, value, "good")]).await;
    }
    park.settle().await;
    let of = |tag: &str, step: u32| format!("park:h2s:{tag}#1.{step}");
    let all = [of("AT-1/h2s", 1), of("AT-2/h2s", 1), of("AT-1/h2s", 2), of("AT-2/h2s", 2)];
    let only = |places: &[usize]| places.iter().map(|place| all[*place].clone()).collect::<Vec<_>>();
    let any = HistoryFilter { rules: vec!["h2s".to_owned()], ..Default::default() };
    let names = |name: &str| vec![name.to_owned()];
    for (what, filter, want) in [
        ("all", any.clone(), only(&[0, 1, 2, 3])),
        ("red", HistoryFilter { tier_at_least: Tier::Red.into(), ..any.clone() }, only(&[2])),
        ("subject", HistoryFilter { subjects: names("AT-2/h2s"), ..any.clone() }, only(&[1, 3])),
        ("area", HistoryFilter { areas: names("north"), ..any.clone() }, only(&[0, 2])),
        ("kind", HistoryFilter { kinds: vec![TransitionKind::Cleared.into()], ..any.clone() }, only(&[3])),
        ("another rule", HistoryFilter { rules: names("ch4"), ..any.clone() }, vec![]),
        ("before", HistoryFilter { until: wire(began), ..any.clone() }, vec![]),
        ("since", HistoryFilter { from: wire(began), ..any.clone() }, only(&[0, 1, 2, 3])),
    ] {
        for page_size in [0, 1] {
            let request = AlarmServiceListHistoryRequest {
                filter: Some(filter.clone()),
                page_size,
                page_token: String::new(),
            };
            assert_eq!(ids(&park, request).await, want, "{what}, {page_size} a page");
        }
    }
    wait_until("what went on behind a first page is noted, once for each question", LONG, async || {
        (park.exports().await == ["park"; 4]).then_some(())
    })
    .await;
    refusals_of_lists(&park, &any).await;
    counts_of(&park, &any).await;
    told_by_the_command_line(&park).await;
    assert_eq!(park.server.stop().await, 0);
}

async fn refusals_of_lists(park: &Park, any: &HistoryFilter) {
    let token = "1.2.park".to_owned();
    for (filter, page_token, want) in [
        (HistoryFilter { sites: vec!["nowhere".to_owned()], ..any.clone() }, String::new(), "SITE_UNKNOWN"),
        (HistoryFilter { tier_at_least: 77, ..any.clone() }, String::new(), "REQUEST_INVALID"),
        (any.clone(), token, "RESUME_TOKEN_INVALID"),
    ] {
        let request = AlarmServiceListHistoryRequest { filter: Some(filter), page_size: 0, page_token };
        let refused = park.grpc.alarms().list_history(request).await.expect_err(want);
        assert_eq!(reason(&refused), want);
    }
}

/// How many, by what they have in common; and what cannot be counted.
async fn counts_of(park: &Park, any: &HistoryFilter) {
    use HistoryGrouping::{Kind, Subject, Tier as ByTier};
    let asked = |by: &[HistoryGrouping]| AlarmServiceCountHistoryRequest {
        filter: Some(any.clone()),
        by: by.iter().map(|by| i32::from(*by)).collect(),
        ..Default::default()
    };
    for (request, want) in [
        (asked(&[]), ": 4"),
        (asked(&[Subject]), "AT-1/h2s: 2, AT-2/h2s: 2"),
        (asked(&[ByTier]), "orange: 3, red: 1"),
        (AlarmServiceCountHistoryRequest { limit: 1, ..asked(&[ByTier]) }, "orange: 3 and more"),
        (
            asked(&[Kind, Subject]),
            "cleared AT-2/h2s: 1, raised AT-1/h2s: 1, raised AT-2/h2s: 1, tier_raised AT-1/h2s: 1",
        ),
    ] {
        let told = park.grpc.alarms().count_history(request).await.expect("an answer").into_inner();
        let counts: Vec<String> =
            told.counts.iter().map(|one| format!("{}: {}", one.keys.join(" "), one.count)).collect();
        assert_eq!(format!("{}{}", counts.join(", "), if told.more { " and more" } else { "" }), want);
    }
    let ahead = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    for wrong in [
        asked(&[Kind, Kind]),
        AlarmServiceCountHistoryRequest { by: vec![77], ..asked(&[]) },
        AlarmServiceCountHistoryRequest { limit: -1, ..asked(&[]) },
        AlarmServiceCountHistoryRequest { utc_offset: ahead(1), ..asked(&[]) },
        AlarmServiceCountHistoryRequest { utc_offset: ahead(19 * 3600), ..asked(&[]) },
    ] {
        let what = format!("{wrong:?}");
        let refused = park.grpc.alarms().count_history(wrong).await.expect_err(&what);
        assert_eq!(reason(&refused), "REQUEST_INVALID", "{what}");
    }
}

/// The same from a shell.
async fn told_by_the_command_line(park: &Park) {
    let server = park.server.http().to_string();
    for (call, want) in [
        ("history --tier red --rule h2s", "park:h2s:AT-1/h2s#1.2"),
        ("history --area south --kind cleared --last 1h", "park:h2s:AT-2/h2s#1.2"),
        ("history --rule h2s --to 2026-01-01T00:00:00Z", ""),
        ("history park:h2s:AT-2/h2s", "park:h2s:AT-2/h2s#1.1 park:h2s:AT-2/h2s#1.2"),
        ("history --site park --rule h2s --limit 1", "park:h2s:AT-1/h2s#1.1"),
        (
            "count --by subject --rule h2s",
            r#"{"count":1,"subject":"AT-1/h2s"} {"count":1,"subject":"AT-2/h2s"}"#,
        ),
        ("count --by tier,kind --kind cleared --rule h2s", r#"{"count":1,"kind":"cleared","tier":"orange"}"#),
        ("count --rule h2s --all-kinds", r#"{"count":4}"#),
    ] {
        let call = format!("alarms {call} --server {server} --json");
        let said = davy(call.split(' ')).await.ended(0);
        let told: Vec<String> = said.out.lines().map(told).collect();
        assert_eq!(told.join(" "), want, "{call}");
    }
    let said = davy(["alarms", "history", "--server", &server, "--rule", "h2s", "--after", "3"]).await;
    assert!(said.code == 2 && said.err.contains("--after goes with"), "{said:?}");
}

/// The id of a transition, or a count as it is.
fn told(line: &str) -> String {
    let object: Value = serde_json::from_str(line).expect("JSON");
    object["id"].as_str().map_or_else(|| line.to_owned(), ToOwned::to_owned)
}
