//! A Davy that says by script what a real one seldom does: half a snapshot, what nobody has a name for, a gap, a token that is refused.

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use davy_proto::v1::{
    self as wire, Alarm, Alert, AlertServiceConfirmRequest, AlertServiceConfirmResponse,
    AlertServiceSubscribeRequest, AlertServiceSubscribeResponse, Bookmark, Gap, Heartbeat, SnapshotBegin,
    SnapshotEnd, alert_service_subscribe_request::Start, alert_service_subscribe_response::Event,
};
use davy_server::rpc::v1::alert_service_server::{AlertService, AlertServiceServer};
use tokio::{net::TcpListener, sync::mpsc, time::sleep};
use tokio_stream::{
    Stream,
    wrappers::{ReceiverStream, TcpListenerStream},
};
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::consumer::Consumer;

type Message = Result<AlertServiceSubscribeResponse, Status>;

/// No consumer comes back sooner, whatever it is told.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// A number that no name is known of.
const NAMELESS: i32 = 4711;

/// What comes on a stream, by its number.
type Scenes = fn(usize) -> Vec<Message>;

/// What one consumer asked for.
#[derive(Debug, Default)]
struct Asked {
    subscribed: Vec<(Instant, AlertServiceSubscribeRequest)>,
    confirmed: Vec<String>,
}

#[derive(Clone, Debug)]
struct Script {
    scenes: Scenes,
    asked: Arc<Mutex<Asked>>,
}

fn say(token: &str, event: Event) -> Message {
    Ok(AlertServiceSubscribeResponse { token: token.to_owned(), event: Some(event) })
}

/// As an alert and a snapshot tell it: not a whole second.
fn at(second: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: second, nanos: 5 })
}

fn alarm(subject: &str) -> Message {
    stands_since(subject, 0)
}

/// In a snapshot, by a transition recorded at that second. It does not say whether that is on disk.
fn stands_since(subject: &str, second: i64) -> Message {
    let alarm = Alarm {
        id: format!("park:h2s:{subject}"),
        site: "park".to_owned(),
        occurrence: 1,
        step: 1,
        tier: NAMELESS,
        state: NAMELESS,
        last_transition_time: at(second),
        ..Default::default()
    };
    say("", Event::Alarm(alarm))
}

fn id(subject: &str) -> String {
    format!("park:h2s:{subject}#1.1")
}

fn alert(subject: &str) -> Message {
    recorded(subject, 0, true)
}

/// Recorded at that second, on disk or not. The token stands still over what is not.
fn recorded(subject: &str, second: i64, durable: bool) -> Message {
    let alert = Alert {
        id: id(subject),
        site: "park".to_owned(),
        transition: NAMELESS,
        tier: NAMELESS,
        recorded_time: at(second),
        durable,
        ..Default::default()
    };
    say(if durable { subject } else { "nameless" }, Event::Alert(alert))
}

fn begin() -> Message {
    say("", Event::SnapshotBegin(SnapshotBegin { alarms: 1 }))
}

fn end(token: &str) -> Message {
    say(token, Event::SnapshotEnd(SnapshotEnd { alarms: 1 }))
}

fn broken() -> Message {
    Err(Status::unavailable("as if it stopped"))
}

fn what_a_real_one_seldom_says(number: usize) -> Vec<Message> {
    let nameless = Ok(AlertServiceSubscribeResponse { token: "nameless".to_owned(), event: None });
    let bookmark = say("bookmark", Event::Bookmark(Bookmark::default()));
    let gap = Gap { site: "park".to_owned(), from_sequence: 5, to_sequence: 7, reason: NAMELESS };
    let gap = say("gap", Event::Gap(gap));
    match number {
        0 => vec![begin(), alarm("half"), broken()],
        1 => {
            vec![begin(), alarm("B"), end("end-1"), nameless, bookmark, alert("C"), alert("C"), gap]
        }
        2 => vec![begin(), alarm("B"), alarm("D"), end("end-2"), broken()],
        // The journal fails, and each comes twice. F is written down after all; Davy forgets G, and gives its id to another.
        _ => vec![
            alert("E"),
            recorded("F", 1, false),
            recorded("F", 1, false),
            recorded("G", 2, false),
            recorded("F", 1, true),
            recorded("G", 3, true),
        ],
    }
}

/// Ids come again, for the same and for others.
fn ids_given_anew(_: usize) -> Vec<Message> {
    vec![
        begin(),
        stands_since("B", 1),
        stands_since("C", 1),
        end("end"),
        // B was on disk. C was not when Davy died: another has its id.
        recorded("B", 1, true),
        recorded("C", 2, true),
        // Twice by the journal, then by an older copy of it.
        recorded("D", 3, true),
        recorded("D", 3, true),
        recorded("D", 4, true),
        // What was done before this version, and what another got the id of.
        recorded("A", 5, true),
        recorded("A", 6, true),
    ]
}

#[tonic::async_trait]
impl AlertService for Script {
    type SubscribeStream = Pin<Box<dyn Stream<Item = Message> + Send>>;

    async fn subscribe(
        &self,
        request: Request<AlertServiceSubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let number = {
            let mut asked = self.asked.lock().expect("nobody panics");
            asked.subscribed.push((Instant::now(), request.into_inner()));
            asked.subscribed.len() - 1
        };
        let (scene, (sender, receiver)) = ((self.scenes)(number), mpsc::channel(1));
        tokio::spawn(async move {
            for message in scene {
                sender.send(message).await?;
            }
            // Whoever hears on gets heartbeats, and time to confirm.
            loop {
                sleep(Duration::from_millis(300)).await;
                let beat = Heartbeat { site: "park".to_owned(), ..Default::default() };
                sender.send(say("refused", Event::Heartbeat(beat))).await?;
            }
            #[expect(unreachable_code, reason = "what the task ends with when the consumer is gone")]
            Ok::<(), mpsc::error::SendError<Message>>(())
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn confirm(
        &self,
        request: Request<AlertServiceConfirmRequest>,
    ) -> Result<Response<AlertServiceConfirmResponse>, Status> {
        assert!(request.metadata().contains_key("grpc-timeout"), "a confirmation has a deadline");
        let token = request.into_inner().token;
        self.asked.lock().expect("nobody panics").confirmed.push(token.clone());
        if token == "refused" {
            let mut details = ErrorDetails::new();
            details.set_error_info("RESUME_TOKEN_INVALID", "davy.v1", std::collections::HashMap::new());
            return Err(Status::with_error_details(Code::InvalidArgument, "not a token of Davy's", details));
        }
        Ok(Response::new(AlertServiceConfirmResponse { token }))
    }

    async fn list_consumers(
        &self,
        _: Request<wire::AlertServiceListConsumersRequest>,
    ) -> Result<Response<wire::AlertServiceListConsumersResponse>, Status> {
        Err(Status::unimplemented("no sample asks for it"))
    }

    async fn get_consumer(
        &self,
        _: Request<wire::AlertServiceGetConsumerRequest>,
    ) -> Result<Response<wire::AlertServiceGetConsumerResponse>, Status> {
        Err(Status::unimplemented("no sample asks for it"))
    }

    async fn delete_consumer(
        &self,
        _: Request<wire::AlertServiceDeleteConsumerRequest>,
    ) -> Result<Response<wire::AlertServiceDeleteConsumerResponse>, Status> {
        Err(Status::unimplemented("no sample asks for it"))
    }

    async fn list_deliveries(
        &self,
        _: Request<wire::AlertServiceListDeliveriesRequest>,
    ) -> Result<Response<wire::AlertServiceListDeliveriesResponse>, Status> {
        Err(Status::unimplemented("no sample asks for it"))
    }
}

/// Where it listens, and what it will have been asked.
async fn serve(scenes: Scenes) -> (String, Script) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let script = Script { scenes, asked: Arc::default() };
    let service = AlertServiceServer::new(script.clone());
    let server = tonic::transport::Server::builder().add_service(service);
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    (url, script)
}

#[tokio::test]
async fn half_a_snapshot_a_gap_and_what_has_no_name_or_is_not_on_disk_mislead_none_of_them() {
    for consumer in &mut Consumer::each(&[]).await {
        let (url, script) = serve(what_a_real_one_seldom_says).await;
        consumer.set("DAVY_SERVER", &url);
        consumer.start();
        let code = consumer.ended().await;
        let (language, said) = (consumer.language(), consumer.said());
        let asked = script.asked.lock().expect("nobody panics");

        assert_eq!(consumer.ids(), ["B", "C", "D", "E", "F", "G", "G"].map(id), "{language}:\n{said}");
        let done = consumer.done();
        assert_eq!(
            (&done[0]["tier"], &done[1]["transition"]),
            (&"4711".into(), &"4711".into()),
            "{language}"
        );

        let starts: Vec<_> = asked.subscribed.iter().map(|(_, request)| request.start.clone()).collect();
        assert_eq!(starts, [None, None, Some(Start::Snapshot(true)), None], "{language}:\n{said}");
        for (_, request) in &asked.subscribed {
            assert!(request.heartbeat && request.consumer == consumer.name(), "{language}: {request:?}");
        }
        for pair in asked.subscribed.windows(2) {
            let pause = pair[1].0 - pair[0].0;
            assert!(pause >= PAUSE_MIN, "{language} came back after {pause:?}");
        }
        assert_eq!(asked.confirmed, ["end-1", "end-2", "refused"], "{language}:\n{said}");
        assert!(said.contains("RESUME_TOKEN_INVALID") && code == 2, "{language}: {code}\n{said}");
    }
}

#[tokio::test]
async fn an_id_that_davy_gives_anew_hides_no_alarm_from_any_of_them() {
    // As the samples of the version before wrote it.
    let before = r#"{"id":"park:h2s:A#1.1","recorded":"5.000000005","durable":true,"site":"park"}"#;
    for consumer in &mut Consumer::each(&[]).await {
        let (url, _) = serve(ids_given_anew).await;
        consumer.set("DAVY_SERVER", &url);
        consumer.has_done(before);
        consumer.start();
        let code = consumer.ended().await;
        let done: Vec<_> =
            consumer.done().iter().map(|line| (line["id"].clone(), line["recorded"].clone())).collect();
        let wanted = [("A", 5), ("B", 1), ("C", 1), ("C", 2), ("D", 3), ("D", 4), ("A", 6)];
        let wanted =
            wanted.map(|(subject, second)| (id(subject).into(), format!("{second}.000000005").into()));
        assert_eq!(done, wanted, "{}, which ended with {code}:\n{}", consumer.language(), consumer.said());
    }
}
