//! Publishing over gRPC ends when its caller is no longer who they were, like every stream.

use std::{fs, time::Duration};

use davy_access::Role;
use davy_proto::v1 as wire;
use davy_server::rpc::v1::telemetry_service_client::TelemetryServiceClient;
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use tonic_types::StatusExt;

use super::house::{House, accounts, token};

/// Publishes a message every 100 ms for as long as it is let, and never comes to an end of itself.
async fn publishing(
    house: &House,
    token: &str,
    edge_node: &str,
) -> Result<Response<wire::TelemetryServicePublishResponse>, Status> {
    let (say, said) = mpsc::channel(1);
    let mut request = Request::new(ReceiverStream::new(said));
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    let mut client = TelemetryServiceClient::new(house.channel.clone());
    let feed = async {
        loop {
            let (site, edge_node) = ("park".to_owned(), edge_node.to_owned());
            let batch = Some(wire::ReadingBatch::default());
            // Who is broken off hears it in the answer.
            let _ = say.send(wire::TelemetryServicePublishRequest { site, edge_node, batch }).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! { answer = client.publish(request) => answer, () = feed => unreachable!("it goes on") }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_publisher_is_broken_off_within_seconds_of_being_shut_out_and_goes_on_while_known() {
    let house = House::open(&accounts()).await;
    let (ours, others) = (token(Role::Vendor, "all"), token(Role::Vendor, "own"));
    let mut ours = Box::pin(publishing(&house, &ours, "gw-1"));
    let mut others = Box::pin(publishing(&house, &others, "gw-2"));
    let both = async {
        tokio::select! { _ = &mut ours => (), _ = &mut others => () }
    };
    assert!(timeout(Duration::from_secs(7), both).await.is_err(), "one ended while its caller was known");
    let grant = "grants = [{ role = \"vendor\", scope = \"*\" }]";
    fs::write(house.accounts_file(), accounts().replace(grant, &format!("disabled = true\n{grant}")))
        .expect("written");
    let status = timeout(Duration::from_secs(12), ours).await.expect("it is broken off");
    let status = status.expect_err("not taken to its end");
    assert_eq!(status.code(), tonic::Code::Unauthenticated, "{status}");
    let info = status.get_details_error_info().expect("a reason");
    assert_eq!(info.reason, "AUTH_FAILED");
    assert!(timeout(Duration::from_secs(1), others).await.is_err(), "another's goes on");
}
