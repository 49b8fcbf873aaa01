//! Commands that are sent again, because nobody knows whether the first came through.

use davy_proto::v1::{
    Alarm, AlarmServiceCommentRequest, AlarmServiceListTransitionsRequest, AlarmServiceShelveRequest,
    AlarmServiceUnshelveRequest, AlarmState, CommandTarget,
};
use davy_tests::{Davy, Grpc};
use tonic::{Code, Status};

use super::{H2S, gateway, park, send};

fn target(request_id: &str) -> Option<CommandTarget> {
    Some(CommandTarget {
        alarm: H2S.to_owned(),
        actor: "li".to_owned(),
        approved_by: "wu".to_owned(),
        comment: "the pump is being mended".to_owned(),
        request_id: request_id.to_owned(),
        ..CommandTarget::default()
    })
}

async fn shelve(grpc: &Grpc, request_id: &str, seconds: i64) -> Result<Alarm, Status> {
    let duration = Some(prost_types::Duration { seconds, nanos: 0 });
    let request = AlarmServiceShelveRequest { target: target(request_id), duration, one_shot: false };
    let answer = grpc.alarms().shelve(request).await?;
    Ok(answer.into_inner().alarm.expect("it stands"))
}

/// How often something happened to the alarm.
async fn happened(grpc: &Grpc) -> usize {
    let request = AlarmServiceListTransitionsRequest { alarm: H2S.to_owned(), ..Default::default() };
    let page = grpc.alarms().list_transitions(request).await.expect("its transitions").into_inner();
    page.transitions.len()
}

#[tokio::test]
async fn a_command_sent_again_is_done_once_over_every_restart() {
    let (setup, mut server, grpc) = park().await;
    let mut gateway = gateway(server.door().await).await;
    send(&mut gateway, "AT-0412/h2s", 12.4).await;
    let shelved = shelve(&grpc, "the first", 600).await.expect("shelved");
    assert_eq!(shelved.state(), AlarmState::Shelved);
    let unshelved = AlarmServiceUnshelveRequest { target: target("the second") };
    grpc.alarms().unshelve(unshelved).await.expect("heard again");
    drop(gateway);

    // It was shelved, and is not any more: who did not hear that it was gets an answer, and quiets nothing.
    let again = async |grpc: &Grpc, when: &str| {
        let before = happened(grpc).await;
        let answer = shelve(grpc, "the first", 600).await.expect("it was done");
        assert_ne!(answer.state(), AlarmState::Shelved, "{when}");
        assert_eq!(happened(grpc).await, before, "{when}");
    };
    again(&grpc, "at once").await;
    for when in ["killed", "stopped", "killed again", "stopped again"] {
        if when.starts_with("killed") {
            server.kill();
        } else {
            assert_eq!(server.stop().await, 0);
        }
        server = Davy::serve(&setup.config()).await;
        again(&Grpc::connect(server.http()).await, when).await;
    }
    // For another time it is another command; and an id is no place for a novel.
    let grpc = Grpc::connect(server.http()).await;
    let other = shelve(&grpc, "the first", 900).await.expect("shelved");
    assert_eq!(other.state(), AlarmState::Shelved);
    let refused = shelve(&grpc, &"x".repeat(65), 600).await.expect_err("too long");
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
}

#[tokio::test]
async fn a_command_sent_many_times_at_once_is_done_once() {
    let (_setup, server, grpc) = park().await;
    let mut gateway = gateway(server.door().await).await;
    send(&mut gateway, "AT-0412/h2s", 12.4).await;
    let before = happened(&grpc).await;
    let comment = || {
        let mut alarms = grpc.alarms();
        tokio::spawn(
            async move { alarms.comment(AlarmServiceCommentRequest { target: target("one") }).await },
        )
    };
    let asked: Vec<_> = (0..32).map(|_| comment()).collect();
    for answer in asked {
        answer.await.expect("it ends").expect("it was done");
    }
    assert_eq!(happened(&grpc).await, before + 1);
}
