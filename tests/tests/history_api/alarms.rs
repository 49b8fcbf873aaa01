//! Transitions are found again by what they are about.

use davy_proto::v1::{AlarmServiceListHistoryRequest, Alert, Tier, TransitionKind};
use jiff::{Timestamp, ToSpan};

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
    let any = AlarmServiceListHistoryRequest { rules: vec!["h2s".to_owned()], ..Default::default() };
    let names = |name: &str| vec![name.to_owned()];
    for (what, request, want) in [
        ("all", any.clone(), only(&[0, 1, 2, 3])),
        ("page by page", AlarmServiceListHistoryRequest { page_size: 1, ..any.clone() }, only(&[0, 1, 2, 3])),
        (
            "red",
            AlarmServiceListHistoryRequest { tier_at_least: Tier::Red.into(), ..any.clone() },
            only(&[2]),
        ),
        (
            "subject",
            AlarmServiceListHistoryRequest { subjects: names("AT-2/h2s"), ..any.clone() },
            only(&[1, 3]),
        ),
        ("area", AlarmServiceListHistoryRequest { areas: names("north"), ..any.clone() }, only(&[0, 2])),
        (
            "kind",
            AlarmServiceListHistoryRequest { kinds: vec![TransitionKind::Cleared.into()], ..any.clone() },
            only(&[3]),
        ),
        ("another rule", AlarmServiceListHistoryRequest { rules: names("ch4"), ..any.clone() }, vec![]),
        ("before", AlarmServiceListHistoryRequest { until: wire(began), ..any.clone() }, vec![]),
        ("since", AlarmServiceListHistoryRequest { from: wire(began), ..any.clone() }, only(&[0, 1, 2, 3])),
    ] {
        assert_eq!(ids(&park, request).await, want, "{what}");
    }
    let wrong = [
        (AlarmServiceListHistoryRequest { sites: names("nowhere"), ..any.clone() }, "SITE_UNKNOWN"),
        (AlarmServiceListHistoryRequest { tier_at_least: 77, ..any.clone() }, "REQUEST_INVALID"),
        (AlarmServiceListHistoryRequest { page_token: "1.2.park".to_owned(), ..any }, "RESUME_TOKEN_INVALID"),
    ];
    for (request, want) in wrong {
        let refused = park.grpc.alarms().list_history(request).await.expect_err(want);
        assert_eq!(reason(&refused), want);
    }
    assert_eq!(park.server.stop().await, 0);
}
