//! HTTP/2 as it is not meant.

use h2::{
    Reason,
    client::{Connection, SendRequest},
};
use http::{Request, StatusCode};

use super::*;

type Client = (SendRequest<bytes::Bytes>, Connection<TcpStream, bytes::Bytes>);

async fn shake(open: &Open) -> Client {
    h2::client::Builder::new().handshake(open.dial().await).await.expect("HTTP/2")
}

fn get(path: &str) -> Request<()> {
    Request::get(format!("http://davy{path}")).body(()).expect("a request")
}

/// Drives a connection to its end, and says how it ended.
fn drive(connection: Connection<TcpStream, bytes::Bytes>) -> JoinHandle<Result<(), h2::Error>> {
    tokio::spawn(connection)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_is_told_how_many_streams_it_may_open() {
    let open = Open::with(PortLimits { streams_max: 7, ..PortLimits::default() }).await;
    let (client, connection) = shake(&open).await;
    drive(connection);
    let mut client = client.ready().await.expect("open");
    let (answer, _) = client.send_request(get("/quick"), true).expect("sent");
    assert_eq!(answer.await.expect("answered").status(), StatusCode::OK);
    assert_eq!(client.current_max_send_streams(), 7);
    assert_eq!(PortLimits::default().streams_max, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_are_opened_and_reset_in_haste_end_the_connection() {
    let open = Open::with(PortLimits::default()).await;
    let (mut client, connection) = shake(&open).await;
    let driven = drive(connection);
    let end = Instant::now() + LONG;
    while !driven.is_finished() {
        assert!(Instant::now() < end, "it is let go on");
        let Ok(ready) = client.clone().ready().await else { break };
        client = ready;
        for _ in 0..100 {
            let Ok((_, mut stream)) = client.send_request(get("/davy.v1.T/Never"), true) else { break };
            stream.send_reset(Reason::CANCEL);
        }
    }
    // A word of farewell, or a reset that overtakes it.
    let error = driven.await.expect("driven").expect_err("it was hung up on");
    assert!(error.is_io() || error.is_go_away() && error.is_remote(), "{error}");
    open.until_refused(Refused::Protocol, 1).await;
    assert!(open.serves().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_fields_that_is_too_long_is_refused_and_the_connection_goes_on() {
    let open = Open::with(PortLimits::default()).await;
    let (client, connection) = shake(&open).await;
    drive(connection);
    let mut client = client.ready().await.expect("open");
    for (len, status) in [(10 << 10, StatusCode::OK), (20 << 10, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)]
    {
        let mut request = get("/quick");
        request.headers_mut().insert("x", "y".repeat(len).parse().expect("a value"));
        let (answer, _) = client.send_request(request, true).expect("sent");
        assert_eq!(answer.await.expect("answered").status(), status, "{len}");
    }
    let (answer, _) = client.send_request(get("/quick"), true).expect("sent");
    assert_eq!(answer.await.expect("answered").status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn continuations_without_end_are_hung_up_on() {
    let open = Open::with(PortLimits::default()).await;
    let mut stream = open.dial().await;
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let len = (payload.len() as u32).to_be_bytes();
        [&len[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
    };
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("sent");
    stream.write_all(&frame(4, 0, 0, b"")).await.expect("settings");
    stream.write_all(&frame(1, 1, 1, b"\x82\x86\x84")).await.expect("headers that do not end");
    let began = Instant::now();
    // A field that is sent again and again: x: y, never indexed.
    let field = b"\x10\x01x\x01y".repeat(2000);
    while stream.write_all(&frame(9, 0, 1, &field)).await.is_ok() {
        assert!(began.elapsed() < LONG, "it is let go on");
    }
    open.until_refused(Refused::Protocol, 1).await;
    assert!(open.serves().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_answers_no_ping_is_closed_and_one_that_does_may_stay_idle() {
    let limits = PortLimits { ping_every: SHORT, ping_timeout: SHORT, ..PortLimits::default() };
    let open = Open::with(limits).await;
    let mut mute = open.dial().await;
    mute.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.expect("sent");
    let (client, connection) = shake(&open).await;
    let driven = drive(connection);
    rest(&mut mute).await;
    open.until_refused(Refused::Silent, 1).await;
    let mut client = client.ready().await.expect("still open");
    let (answer, _) = client.send_request(get("/quick"), true).expect("sent");
    assert_eq!(answer.await.expect("answered").status(), StatusCode::OK);
    assert!(!driven.is_finished());
}
