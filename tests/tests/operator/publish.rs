//! A gateway that publishes over gRPC instead of MQTT.

use davy_proto::v1::{
    Problem, Reading, ReadingBatch, TelemetryServicePublishRequest as Said, TelemetryServicePublishResponse,
};
use davy_tests::{Grpc, LONG};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::{H2S, park};

fn reading(tag: &str, value: f64, unit: &str) -> Reading {
    Reading { tag: tag.to_owned(), value: Some(value), unit: unit.to_owned(), ..Reading::default() }
}

fn said(site: &str, edge_node: &str, readings: Vec<Reading>) -> Said {
    let batch = (!readings.is_empty()).then_some(ReadingBatch { seq: None, readings });
    Said { site: site.to_owned(), edge_node: edge_node.to_owned(), batch }
}

async fn publish(grpc: &Grpc, all: Vec<Said>) -> Result<TelemetryServicePublishResponse, Status> {
    let mut client = grpc.telemetry();
    let answer = tokio::time::timeout(LONG, client.publish(tokio_stream::iter(all)));
    let answer = answer.await.expect("answered in time");
    answer.map(tonic::Response::into_inner)
}

#[tokio::test]
async fn what_a_gateway_publishes_over_grpc_is_judged_and_it_is_told_exactly_what_is_wrong() {
    let (_setup, _server, grpc) = park().await;
    let answer = publish(
        &grpc,
        vec![
            said("park", "gw-1", vec![reading("AT-0412/h2s", 2.0, "ppm")]),
            said("", "", vec![reading("AT-0412/h2s", 12.4, "ppm"), reading("AT-9999/h2s", 1.0, "ppm")]),
            said("park", "gw-1", vec![reading("AT-0412/h2s", 12.5, "bar")]),
        ],
    );
    let answer = answer.await.expect("it is taken");
    assert_eq!((answer.messages, answer.accepted, answer.rejected), (3, 2, 2));
    let told: Vec<_> =
        answer.problems.iter().map(|Problem { code, pointer, .. }| (&**code, &**pointer)).collect();
    assert_eq!(told, [("POINT_UNKNOWN", "/1/readings/1/tag"), ("UNIT_MISMATCH", "/2/readings/0/unit")]);
    // What is answered is on disk, and what is on disk is judged.
    let standing = grpc.standing("park").await;
    let alarm = standing.iter().find(|alarm| alarm.id == H2S).expect("it stands");
    assert_eq!(alarm.value, Some(12.4));
}

#[tokio::test]
async fn a_call_that_is_nobodys_or_two_edge_nodes_is_refused_in_words() {
    let (_setup, _server, grpc) = park().await;
    let good = || vec![reading("AT-0412/h2s", 2.0, "ppm")];
    for (all, code, reason) in [
        (vec![said("mine", "gw-1", good())], Code::NotFound, "SITE_UNKNOWN"),
        (vec![said("park", "gw-77", good())], Code::NotFound, "DEVICE_UNKNOWN"),
        (vec![said("", "gw-1", good())], Code::InvalidArgument, "REQUEST_INVALID"),
        (
            vec![said("park", "gw-1", good()), said("park", "gw-2", good())],
            Code::InvalidArgument,
            "REQUEST_INVALID",
        ),
    ] {
        let refused = publish(&grpc, all).await.expect_err(reason);
        let info = refused.get_details_error_info().expect("a reason");
        assert_eq!((refused.code(), &*info.reason), (code, reason), "{refused}");
    }
    let nothing = publish(&grpc, Vec::new()).await.expect("nothing is no error");
    assert_eq!(nothing, TelemetryServicePublishResponse::default());
}
