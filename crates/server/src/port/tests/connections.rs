//! Connections: so many at once, and none that only holds a place.

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_does_not_begin_in_time_is_closed_and_counted() {
    let limits = PortLimits { head_timeout: SHORT, ..PortLimits::default() };
    let open = Open::with(limits).await;
    let beginnings: [&[u8]; 7] = [
        b"",
        b"P",
        b"PRI * HTTP/2.0\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r",
        b"GET",
        b"GET /quick HTTP/1.1\r\n",
        b"GET /quick HTTP/1.1\r\nhost: davy\r\nx: ",
    ];
    let mut dialled = Vec::new();
    for beginning in beginnings {
        let mut stream = open.dial().await;
        stream.write_all(beginning).await.expect("sent");
        dialled.push(stream);
    }
    assert!(open.serves().await, "beside them");
    for (stream, beginning) in dialled.iter_mut().zip(beginnings) {
        let told = rest(stream).await;
        assert!(!told.starts_with(b"HTTP/1.1 200"), "{:?}", String::from_utf8_lossy(beginning));
    }
    open.until_refused(Refused::Silent, beginnings.len() as u64).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_trickles_is_closed_though_it_never_pauses_for_long() {
    let limits = PortLimits { head_timeout: SHORT, ..PortLimits::default() };
    let open = Open::with(limits).await;
    let mut stream = open.dial().await;
    let began = Instant::now();
    let head = b"GET /quick HTTP/1.1\r\n".iter().copied().chain(std::iter::repeat_n(b'x', 10_000));
    for byte in head {
        if stream.write_all(&[byte]).await.is_err() || open.stats.refused(Refused::Silent) > 0 {
            break;
        }
        assert!(began.elapsed() < LONG, "it is still let go on");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    open.until_refused(Refused::Silent, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_too_many_is_closed_and_a_place_that_is_left_can_be_taken() {
    let limits = PortLimits { connections_max: 2, ..PortLimits::default() };
    let open = Open::with(limits).await;
    let first = open.dial().await;
    let mut second = open.dial().await;
    second.write_all(b"GET /quick HTTP/1.1\r\nhost: davy\r\n\r\n").await.expect("sent");
    let mut answer = [0; 12];
    second.read_exact(&mut answer).await.expect("answered");
    assert_eq!(&answer, b"HTTP/1.1 200");
    assert_eq!(rest(&mut open.dial().await).await, b"");
    open.until_refused(Refused::ConnectionsFull, 1).await;
    drop(first);
    let end = Instant::now() + LONG;
    while !open.serves().await {
        assert!(Instant::now() < end, "its place was not given back");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_takes_nothing_of_its_answer_is_closed() {
    let limits = PortLimits { write_timeout: SHORT, ..PortLimits::default() };
    let open = Open::with(limits).await;
    let mut stream = open.dial().await;
    stream.write_all(b"GET /large HTTP/1.1\r\nhost: davy\r\n\r\n").await.expect("sent");
    open.until_refused(Refused::Stalled, 1).await;
    assert!(open.serves().await);
    assert!(rest(&mut stream).await.len() < 64 << 20, "not all of it came");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_that_are_too_large_are_refused_in_words_of_http() {
    let open = Open::with(PortLimits::default()).await;
    let many: String = (0..100).map(|n| format!("x-{n}: y\r\n")).collect();
    let long = format!("x: {}\r\n", "y".repeat(20 << 10));
    for (fields, status) in
        [("x: y\r\n", "200"), (many.as_str(), "431"), (long.as_str(), "431"), ("x\r\n", "400")]
    {
        let mut stream = open.dial().await;
        let head = format!("GET /quick HTTP/1.1\r\nhost: davy\r\nconnection: close\r\n{fields}\r\n");
        // What is refused is not read to its end.
        let _ = stream.write_all(head.as_bytes()).await;
        let told = String::from_utf8(rest(&mut stream).await).expect("text");
        assert!(told.starts_with(&format!("HTTP/1.1 {status}")), "{status}: {told}");
    }
    open.until_refused(Refused::Protocol, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_that_closes_ends_idle_connections_at_once_and_waits_for_answers_only_so_long() {
    let open = Open::with(PortLimits::default()).await;
    let mut idle = open.dial().await;
    idle.write_all(b"GET /quick HTTP/1.1\r\nhost: davy\r\n\r\n").await.expect("sent");
    idle.read_exact(&mut [0; 12]).await.expect("answered");
    let mut hung = open.dial().await;
    hung.write_all(b"GET /davy.v1.T/Endless HTTP/1.1\r\nhost: davy\r\n\r\n").await.expect("sent");
    hung.read_exact(&mut [0; 12]).await.expect("answered");
    open.stop.cancel();
    rest(&mut idle).await;
    assert!(!open.serving.is_finished(), "an answer is still going out");
    rest(&mut hung).await;
    open.serving.await.expect("it ends");
    assert_eq!(open.stats.connections(), 0);
    assert!(TcpStream::connect(open.addr).await.is_err(), "nobody listens any more");
}
