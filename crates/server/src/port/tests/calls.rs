//! Calls: so many at once, and none for longer than it may take.

use http::HeaderMap;

use super::*;

/// What a call is answered with: the head, and the trailers.
async fn call(open: &Open, path: &str, waits: Option<&str>) -> (HeaderMap, Option<HeaderMap>) {
    let (client, connection) = h2::client::handshake(open.dial().await).await.expect("HTTP/2");
    tokio::spawn(connection);
    let mut client = client.ready().await.expect("open");
    let mut request = http::Request::post(format!("http://davy{path}"));
    if let Some(waits) = waits {
        request = request.header("grpc-timeout", waits);
    }
    let (answer, _): (_, h2::SendStream<bytes::Bytes>) =
        client.send_request(request.body(()).expect("a request"), true).expect("sent");
    let answer = timeout(LONG, answer).await.expect("in time").expect("answered");
    let (head, mut body) = answer.into_parts();
    while let Some(part) = timeout(LONG, body.data()).await.expect("in time") {
        let len = part.expect("a part").len();
        let _ = body.flow_control().release_capacity(len);
    }
    (head.headers, body.trailers().await.expect("an end"))
}

fn status(headers: &HeaderMap) -> Option<&str> {
    headers.get("grpc-status").and_then(|status| status.to_str().ok())
}

const DEADLINE_EXCEEDED: &str = "4";
const RESOURCE_EXHAUSTED: &str = "8";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_answered_for_at_its_deadline_or_at_the_ports_own() {
    let limits = PortLimits { answer_timeout: SHORT, judged_timeout: 3 * SHORT, ..PortLimits::default() };
    let open = Open::with(limits).await;
    for (path, waits, least) in [
        ("/davy.v1.T/Never", None, SHORT),
        ("/davy.v1.T/Never", Some("50m"), Duration::from_millis(50)),
        ("/davy.v1.T/Never", Some("100S"), SHORT),
        ("/davy.v1.RuleService/Never", None, 3 * SHORT),
    ] {
        let began = Instant::now();
        let (head, _) = call(&open, path, waits).await;
        assert_eq!(status(&head), Some(DEADLINE_EXCEEDED), "{path} {waits:?}");
        assert!(began.elapsed() >= least, "{path} {waits:?}: {:?}", began.elapsed());
    }
    open.until_refused(Refused::Deadline, 4).await;
    for (path, waits) in [
        ("/davy.v1.T/Quick", Some("1S")),
        // Whoever sends a stream says when it ends.
        ("/davy.v1.T/Publish", None),
        ("/davy.v1.T/Publish", Some("99999999H")),
    ] {
        let (head, _) = call(&open, path, waits).await;
        assert_eq!(status(&head), None, "{path}");
    }
    let (head, _) = call(&open, "/davy.v1.T/Publish", Some("50m")).await;
    assert_eq!(status(&head), Some(DEADLINE_EXCEEDED));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_at_the_deadline_that_its_caller_set_and_outlives_the_ports_own() {
    let limits = PortLimits { answer_timeout: SHORT, ..PortLimits::default() };
    let open = Open::with(limits).await;
    let began = Instant::now();
    let (head, trailers) = call(&open, "/davy.v1.T/Endless", Some("700m")).await;
    assert_eq!(status(&head), None);
    assert_eq!(trailers.as_ref().and_then(status), Some(DEADLINE_EXCEEDED));
    let details = trailers.is_some_and(|trailers| trailers.contains_key("grpc-status-details-bin"));
    assert!(details, "it says why as every error does");
    assert!(began.elapsed() >= Duration::from_millis(700));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_call_too_many_is_refused_and_an_answer_that_ends_gives_its_place_back() {
    let open = Open::with(PortLimits { calls_max: 1, ..PortLimits::default() }).await;
    let held = async {
        let mut stream = open.dial().await;
        stream.write_all(b"GET /davy.v1.T/Endless HTTP/1.1\r\nhost: davy\r\n\r\n").await.expect("sent");
        stream.read_exact(&mut [0; 12]).await.expect("it began");
        stream
    };
    let held = held.await;
    let (head, _) = call(&open, "/davy.v1.T/Quick", None).await;
    assert_eq!(status(&head), Some(RESOURCE_EXHAUSTED));
    assert!(head["grpc-message"].to_str().expect("text").contains("1%20calls"), "{head:?}");
    assert!(open.serves().await, "pages that are no calls need no place");
    assert_eq!(open.calls.taken(), 1);
    drop(held);
    until_taken(&open, 0).await;
    let (head, _) = call(&open, "/davy.v1.T/Quick", None).await;
    assert_eq!(status(&head), None);
    open.until_refused(Refused::CallsFull, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_on_without_its_caller_keeps_its_place() {
    let open = Open::with(PortLimits { calls_max: 1, ..PortLimits::default() }).await;
    let mut stream = open.dial().await;
    stream.write_all(b"GET /davy.v1.T/Through HTTP/1.1\r\nhost: davy\r\n\r\n").await.expect("sent");
    until_taken(&open, 1).await;
    drop(stream);
    tokio::time::sleep(2 * SHORT).await;
    let (head, _) = call(&open, "/davy.v1.T/Quick", None).await;
    assert_eq!(status(&head), Some(RESOURCE_EXHAUSTED));
    GO_ON.add_permits(1);
    until_taken(&open, 0).await;
}

async fn until_taken(open: &Open, places: usize) {
    let end = Instant::now() + LONG;
    while open.calls.taken() != places {
        assert!(Instant::now() < end, "{} places are taken", open.calls.taken());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
