//! A Davy that keeps no history says so, whoever asks.

use davy_proto::v1::{
    AlarmServiceCountHistoryRequest, AlarmServiceListHistoryRequest, TagSelector,
    TelemetryServiceQueryRequest,
};
use davy_tests::{Davy, Grpc};
use jiff::{Timestamp, ToSpan};
use tonic::Code;

use crate::{reason, setup, wire};

#[tokio::test]
async fn without_history_the_refusal_says_what_to_configure() {
    let setup = setup("[history]\nstore = \"none\"\n");
    let server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    let now = Timestamp::now();
    let request = TelemetryServiceQueryRequest {
        selector: Some(TagSelector { site: "park".to_owned(), ..Default::default() }),
        from: wire(now - 1.hour()),
        until: wire(now),
        ..Default::default()
    };
    let query = grpc.telemetry().query(request).await.expect_err("no history");
    let list =
        grpc.alarms().list_history(AlarmServiceListHistoryRequest::default()).await.expect_err("no history");
    let count = grpc
        .alarms()
        .count_history(AlarmServiceCountHistoryRequest::default())
        .await
        .expect_err("no history");
    for refused in [query, list, count] {
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert_eq!(reason(&refused), "HISTORY_UNAVAILABLE");
        assert!(refused.message().contains("[history]"), "{}", refused.message());
    }
}
