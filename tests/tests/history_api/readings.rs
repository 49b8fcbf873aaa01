//! Readings are told as they were sent, one by one or in buckets, and page by page as much as at once.

use davy_proto::v1::{
    QualityGrade, RawReadings, TagSelector, TelemetryServiceQueryRequest, TelemetryServiceQueryResponse,
    telemetry_service_query_request::Form,
};
use davy_tests::{LONG, wait_until};
use jiff::{Timestamp, ToSpan};

use crate::{Park, a_while_ago, reason, wire};

const SECONDS: i64 = 600;

fn asked(start: Timestamp, form: Option<Form>) -> TelemetryServiceQueryRequest {
    TelemetryServiceQueryRequest {
        selector: Some(TagSelector { site: "park".to_owned(), ..Default::default() }),
        from: wire(start),
        until: wire(start + 1.hour()),
        form,
        ..Default::default()
    }
}

/// By tag, what every page together tells: times in seconds after the start, with values or buckets' figures.
async fn told(
    park: &Park,
    start: Timestamp,
    request: &TelemetryServiceQueryRequest,
) -> Vec<(String, Vec<Vec<f64>>)> {
    let mut request = request.clone();
    let mut told: Vec<(String, Vec<Vec<f64>>)> = Vec::new();
    loop {
        let page: TelemetryServiceQueryResponse =
            park.grpc.telemetry().query(request.clone()).await.expect("an answer").into_inner();
        let mut items = 0;
        for series in page.series {
            let name = format!("{} {}", series.tag, series.unit);
            if told.last().is_none_or(|(last, _)| *last != name) {
                told.push((name, Vec::new()));
            }
            let seconds = |time: Option<prost_types::Timestamp>| {
                (time.expect("a time").seconds - start.as_second()) as f64
            };
            let figures = &mut told.last_mut().expect("just put there").1;
            items += series.readings.len() + series.buckets.len();
            figures.extend(
                series
                    .readings
                    .iter()
                    .map(|one| vec![seconds(one.source_time), one.value.unwrap_or(f64::NAN)]),
            );
            figures.extend(series.buckets.iter().map(|one| {
                let value = |figure: Option<f64>| figure.unwrap_or(f64::NAN);
                let values = [one.first, one.min, one.max, one.mean, one.last].map(value);
                [vec![seconds(one.start)], values.to_vec(), vec![one.count as f64, one.share_good]].concat()
            }));
        }
        assert!(request.page_size == 0 || items <= request.page_size as usize, "{items}");
        if page.next_page_token.is_empty() {
            return told;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_are_told_as_they_were_sent() {
    for park in Park::of_each_store().await {
        readings_of(park).await;
    }
}

async fn readings_of(mut park: Park) {
    let start = a_while_ago();
    // A saw of ten seconds; each tenth is bad, and stands far off.
    let saw = |second: i64| (second % 10) as f64;
    let sent: Vec<(Timestamp, f64, &str)> = (0..SECONDS)
        .map(|second| {
            let at = start + second.seconds();
            if second % 10 == 9 { (at, 99.0, "bad") } else { (at, saw(second), "good") }
        })
        .collect();
    park.send("AT-1/h2s", &sent).await;
    park.send("TK-1/level", &[(start, 7.5, "good")]).await;
    park.settle().await;

    let all: Vec<Vec<f64>> = (0..SECONDS)
        .map(|second| vec![second as f64, if second % 10 == 9 { 99.0 } else { saw(second) }])
        .collect();
    let level = ("TK-1/level m".to_owned(), vec![vec![0.0, 7.5]]);
    let both = vec![("AT-1/h2s ppm".to_owned(), all.clone()), level.clone()];
    assert_eq!(told(&park, start, &asked(start, None)).await, both);
    for page_size in [1, 7, 600, 601, 602] {
        let request = TelemetryServiceQueryRequest { page_size, ..asked(start, None) };
        assert_eq!(told(&park, start, &request).await, both, "{page_size} a page");
    }
    for (tags, quantities, areas, want) in [
        ("TK-*", "", "", vec![level.clone()]),
        ("", "level", "", vec![level.clone()]),
        ("TK-1/level", "gas.*", "", vec![]),
        ("", "", "south", vec![]),
        ("", "", "north", both.clone()),
    ] {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect();
        let (tags, quantities, areas) = (list(tags), list(quantities), list(areas));
        let selector = TagSelector { site: "park".to_owned(), tags, quantities, areas };
        let request = TelemetryServiceQueryRequest { selector: Some(selector.clone()), ..asked(start, None) };
        assert_eq!(told(&park, start, &request).await, want, "{selector:?}");
    }
    let bad = Form::Raw(RawReadings { grades: vec![QualityGrade::Bad.into()] });
    let request = TelemetryServiceQueryRequest { page_size: 11, ..asked(start, Some(bad)) };
    let found = told(&park, start, &request).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1, all.iter().filter(|one| one[1] == 99.0).cloned().collect::<Vec<_>>());

    // Ten seconds: 0 to 8 are evidence, 99 is not.
    let bucket = |second: i64| vec![second as f64, 0.0, 0.0, 8.0, 4.0, 8.0, 10.0, 0.9];
    let tens: Vec<_> = (0..SECONDS).step_by(10).map(bucket).collect();
    let width = Form::Width(prost_types::Duration { seconds: 10, nanos: 0 });
    for page_size in [0, 7, 60] {
        let request = TelemetryServiceQueryRequest { page_size, ..asked(start, Some(width.clone())) };
        let found = told(&park, start, &request).await;
        assert_eq!(found[0].1, tens, "{page_size} a page");
        assert_eq!(found[1].1, [vec![0.0, 7.5, 7.5, 7.5, 7.5, 7.5, 1.0, 1.0]]);
    }
    wait_until("what went on behind a first page is noted, once for each question", LONG, async || {
        (park.exports().await == ["park"; 3]).then_some(())
    })
    .await;
    // The readings are hours late: the minutes that are kept ready take them in at the next round.
    let request = asked(start, Some(Form::Points(60)));
    wait_until("minutes have taken in what came late", LONG, async || {
        let answer = park.grpc.telemetry().query(request.clone()).await.expect("an answer").into_inner();
        assert_eq!(answer.width, Some(prost_types::Duration { seconds: 60, nanos: 0 }));
        let buckets: usize = answer.series.iter().map(|series| series.buckets.len()).sum();
        (buckets == 11).then_some(())
    })
    .await;

    let first = TelemetryServiceQueryRequest { page_size: 5, ..asked(start, None) };
    let token = park.grpc.telemetry().query(first).await.expect("a page").into_inner().next_page_token;
    let wrong = [
        (TelemetryServiceQueryRequest { until: wire(start), ..asked(start, None) }, "REQUEST_INVALID"),
        (TelemetryServiceQueryRequest { from: None, ..asked(start, None) }, "REQUEST_INVALID"),
        (asked(start, Some(Form::Points(0))), "REQUEST_INVALID"),
        (TelemetryServiceQueryRequest { selector: None, ..asked(start, None) }, "REQUEST_INVALID"),
        (
            TelemetryServiceQueryRequest { selector: Some(TagSelector::default()), ..asked(start, None) },
            "SITE_UNKNOWN",
        ),
        (
            TelemetryServiceQueryRequest { page_token: token, ..asked(start, Some(width)) },
            "RESUME_TOKEN_INVALID",
        ),
    ];
    for (request, want) in wrong {
        let refused = park.grpc.telemetry().query(request).await.expect_err(want);
        assert_eq!(reason(&refused), want, "{}", refused.message());
    }
    assert_eq!(park.server.stop().await, 0);
}
