//! Tags are told as they are now: after readings, after a restart, after other files.

use davy_proto::v1::{
    EdgeNodeState, LatestTag, StoredReading, TagSelector, TelemetryServiceListLatestRequest, Tier,
};
use davy_tests::{Davy, Grpc, LONG, wait_until};
use jiff::{Timestamp, ToSpan};

use crate::{Park, TAGS, reason};

fn asked(tags: &[&str]) -> TelemetryServiceListLatestRequest {
    let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    let selector = TagSelector { site: "park".to_owned(), tags, ..Default::default() };
    TelemetryServiceListLatestRequest { selector: Some(selector), ..Default::default() }
}

/// All pages.
async fn latest(grpc: &Grpc, request: &TelemetryServiceListLatestRequest) -> Vec<LatestTag> {
    let mut request = request.clone();
    let mut tags = Vec::new();
    loop {
        let page = grpc.telemetry().list_latest(request.clone()).await.expect("an answer").into_inner();
        assert!(request.page_size == 0 || page.tags.len() <= request.page_size as usize);
        tags.extend(page.tags);
        if page.next_page_token.is_empty() {
            return tags;
        }
        request.page_token = page.next_page_token;
    }
}

/// Name, value and unit; no value where the tag was never heard.
fn values(tags: &[LatestTag]) -> Vec<(&str, Option<f64>, &str)> {
    let value = |tag: &LatestTag| tag.reading.as_ref().and_then(|reading| reading.value);
    tags.iter().map(|tag| (tag.tag.as_str(), value(tag), tag.unit.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_are_told_as_they_are_now() {
    let mut park = Park::start("[history]\nstore = \"none\"\n", None).await;
    let any = asked(&[]);
    let silent = [("AT-1/h2s", None, "ppm"), ("AT-2/h2s", None, "ppm"), ("TK-1/level", None, "m")];
    assert_eq!(values(&latest(&park.grpc, &any).await), silent);

    let now = Timestamp::now();
    park.send("AT-1/h2s", &[(now - 3.seconds(), 5.0, "good"), (now - 2.seconds(), 250.0, "good")]).await;
    // Older than the last one: it is kept, and is not the last.
    park.send("AT-1/h2s", &[(now - 9.seconds(), 7.0, "good")]).await;
    park.send("TK-1/level", &[(now - 1.second(), 2.5, "bad")]).await;
    // A PUBACK means that it is told.
    let told = latest(&park.grpc, &any).await;
    let heard = [("AT-1/h2s", Some(250.0), "ppm"), ("AT-2/h2s", None, "ppm"), ("TK-1/level", Some(2.5), "m")];
    assert_eq!(values(&told), heard);
    for page_size in [1, 2, 3, 4] {
        let paged = TelemetryServiceListLatestRequest { page_size, ..any.clone() };
        assert_eq!(latest(&park.grpc, &paged).await, told, "{page_size} a page");
    }
    for (tags, want) in [(&["TK-*"][..], &heard[2..]), (&["AT-2/h2s"], &heard[1..2]), (&["nobody"], &[])] {
        assert_eq!(values(&latest(&park.grpc, &asked(tags)).await), want, "{tags:?}");
    }
    let [first, never, level] = told.as_slice() else { panic!("three tags: {told:?}") };
    let reading = first.reading.as_ref().expect("it was heard");
    let seconds = |time: Option<prost_types::Timestamp>| time.expect("a time").seconds;
    assert_eq!(seconds(reading.source_time), (now - 2.seconds()).as_second());
    assert!(seconds(reading.arrival_time) >= now.as_second(), "{reading:?}");
    let alarm = first.alarm.as_ref().expect("250 ppm is past L2");
    assert_eq!((alarm.alarm.as_str(), alarm.tier()), ("park:h2s:AT-1/h2s", Tier::Red));
    assert_eq!((first.edge_node.as_str(), first.edge_node_state()), ("gw-1", EdgeNodeState::Online));
    assert_eq!((first.area.as_str(), first.quantity.as_str()), ("n1", "gas.h2s"));
    assert!(first.silence_limit.is_some_and(|limit| limit.seconds > 0));
    assert_eq!((&never.reading, &never.alarm), (&None, &None));
    let quality = level.reading.as_ref().and_then(|reading| reading.quality).expect("a quality");
    assert_eq!(quality.grade(), davy_proto::v1::QualityGrade::Bad);

    refused(&park).await;
    let park = restarted(park, &told).await;
    re_described(park).await;
}

async fn refused(park: &Park) {
    let first = TelemetryServiceListLatestRequest { page_size: 1, ..asked(&[]) };
    let token = park.grpc.telemetry().list_latest(first).await.expect("a page").into_inner().next_page_token;
    let of = |selector| TelemetryServiceListLatestRequest { selector, ..Default::default() };
    for (request, want) in [
        (of(None), "REQUEST_INVALID"),
        (of(Some(TagSelector::default())), "SITE_UNKNOWN"),
        (TelemetryServiceListLatestRequest { page_size: -1, ..asked(&[]) }, "REQUEST_INVALID"),
        (TelemetryServiceListLatestRequest { page_token: token, ..asked(&["AT-*"]) }, "RESUME_TOKEN_INVALID"),
    ] {
        let refused = park.grpc.telemetry().list_latest(request).await.expect_err(want);
        assert_eq!(reason(&refused), want, "{}", refused.message());
    }
}

/// A restart loses no reading, and of times only when what is no evidence arrived.
async fn restarted(park: Park, before: &[LatestTag]) -> Park {
    let Park { mut server, gateway, setup, place, .. } = park;
    drop(gateway);
    assert_eq!(server.stop().await, 0);
    let park = Park::of(setup, place).await;
    let told = latest(&park.grpc, &asked(&[])).await;
    assert_eq!(told.len(), before.len());
    for (told, before) in told.iter().zip(before) {
        assert_eq!((&told.tag, &told.alarm), (&before.tag, &before.alarm));
        let timeless =
            |tag: &LatestTag| tag.reading.map(|reading| StoredReading { arrival_time: None, ..reading });
        assert_eq!(timeless(told), timeless(before), "{}", told.tag);
    }
    let arrival = |tag: &LatestTag| tag.reading.as_ref().and_then(|reading| reading.arrival_time);
    // The engine orders arrivals by its log, which may be a little later.
    let late_s = arrival(&told[0]).expect("kept").seconds - arrival(&before[0]).expect("told").seconds;
    assert!((0..=1).contains(&late_s), "{late_s}");
    assert_eq!(arrival(&told[2]), None);
    park
}

/// Other files: a tag goes, one comes, one has another unit and begins anew.
async fn re_described(mut park: Park) {
    park.send("TK-1/level", &[(Timestamp::now(), 3.5, "good")]).await;
    let tags = TAGS.replace("AT-1/h2s,gas.h2s,ppm", "AT-1/h2s,gas.h2s,mg/m3");
    let tags = tags.replace("AT-2/h2s", "AT-3/h2s");
    park.setup.write("park/tags.csv", &tags);
    reload(&park.server).await;
    let told = latest(&park.grpc, &asked(&[])).await;
    let want = [("AT-1/h2s", None, "mg/m3"), ("AT-3/h2s", None, "ppm"), ("TK-1/level", Some(3.5), "m")];
    assert_eq!(values(&told), want);
    park.send("AT-1/h2s", &[(Timestamp::now(), 4.0, "good")]).await;
    park.send("AT-3/h2s", &[(Timestamp::now(), 6.0, "good")]).await;
    let told = latest(&park.grpc, &asked(&["AT-*"])).await;
    assert_eq!(values(&told), [("AT-1/h2s", Some(4.0), "mg/m3"), ("AT-3/h2s", Some(6.0), "ppm")]);
    assert_eq!(park.server.stop().await, 0);
}

/// Has the files read again, and waits until they are active.
pub(crate) async fn reload(server: &Davy) {
    server.hang_up();
    wait_until("the new files are active", LONG, async || {
        server.log().contains("new files are active").then_some(())
    })
    .await;
}
