//! A plant whose journal is restored from an older copy, and goes on: whoever stood further on is told of it.

use std::time::Duration;

use davy_proto::v1::{
    AlertServiceConfirmRequest, GapReason, alert_service_subscribe_request::Start,
    alert_service_subscribe_response::Event,
};
use davy_tests::{
    Davy, Grpc, Subscriber,
    consumers::{Gateway, durable, setup},
    copy_folder,
};
use tokio::time::timeout;
use tonic_types::StatusExt;

const PATIENCE: Duration = Duration::from_secs(20);

/// The token behind the alert of that number.
async fn token_after(stream: &mut Subscriber, sequence: u64) -> String {
    stream.alert("one more", PATIENCE, |alert| alert.sequence == sequence).await;
    stream.token.clone()
}

async fn first_but_bookmarks(stream: &mut Subscriber) -> Event {
    loop {
        let event = stream.next().await.expect("the stream stands").expect("the stream stands");
        if !matches!(event, Event::Bookmark(_)) {
            return event;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_from_beyond_a_restored_copy_is_a_gap_also_when_the_plant_has_run_past_it() {
    let setup = setup("");
    let (data, copy) = (setup.path("data"), setup.path("copy"));
    let mut server = Davy::serve(&setup.config()).await;
    Gateway::of(&server, "park").await.changes(10).await;
    assert_eq!(server.stop().await, 0);
    copy_folder(&data, &copy);

    let mut server = Davy::serve(&setup.config()).await;
    let mut stream = Grpc::connect(server.http()).await.subscribe_as(durable("desk")).await.expect("let in");
    Gateway::of(&server, "park").await.changes(10).await;
    let token = token_after(&mut stream, 20).await;
    assert_eq!(server.stop().await, 0);

    std::fs::remove_dir_all(&data).expect("the damaged files are put away");
    copy_folder(&copy, &data);
    let server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    let mut bystander = grpc.subscribe_from_now().await;
    Gateway::of(&server, "park").await.changes(20).await;
    token_after(&mut bystander, 30).await;

    let mut stream = grpc.subscribe(Start::AfterToken(token.clone())).await.expect("let in");
    let gap = timeout(PATIENCE, first_but_bookmarks(&mut stream)).await.expect("it is told of something");
    let Event::Gap(gap) = gap else { panic!("passed over in silence: {gap:?}") };
    assert_eq!((gap.site.as_str(), gap.from_sequence, gap.to_sequence), ("park", 1, 20));
    assert_eq!(gap.reason(), GapReason::UnknownToken);
    let alert = stream.alert("what follows", PATIENCE, |_| true).await;
    assert_eq!(alert.sequence, 21);

    let request = AlertServiceConfirmRequest { consumer: "desk".to_owned(), token };
    let refused = grpc.alerts().confirm(request).await.expect_err("it is of what never happened here");
    assert_eq!(refused.get_details_error_info().expect("a reason").reason, "RESUME_TOKEN_INVALID");
}
