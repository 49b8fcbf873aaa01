//! A browser's page calls: gRPC-Web over HTTP/1.1, byte by byte, and who of all pages may.

use std::time::Duration;

use davy_model::BundleFile;
use davy_proto::v1::{
    AlertServiceSubscribeRequest, SystemServiceGetStatusRequest, SystemServiceGetStatusResponse,
};
use davy_server::{Config, Server, SiteSource};
use prost::Message;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

const LONG: Duration = Duration::from_secs(30);
const PAGE: &str = "https://console.example";

async fn house() -> (TempDir, Server) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |path: &str, text: &str| BundleFile { path: path.to_owned(), text: text.to_owned() };
    let files = vec![file("site.yaml", "site: park\n"), file("tags.csv", "tag,quantity\nT,number\n")];
    let site = SiteSource::Files(files);
    let mut config =
        Config { canary: None, ..Config::on_loopback(folder.path().to_owned(), vec![site], 0, 0) };
    config.port.allowed_origins = vec![PAGE.to_owned()];
    config.heartbeat_every = Duration::from_millis(100);
    let server = Server::start(config).await.expect("it starts");
    (folder, server)
}

/// A request as a page makes it: the message in a frame of its own.
fn asked(path: &str, fields: &str, message: &impl Message) -> Vec<u8> {
    let message = message.encode_to_vec();
    let mut body = vec![0];
    body.extend((message.len() as u32).to_be_bytes());
    body.extend(message);
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: davy\r\ncontent-type: application/grpc-web+proto\r\n\
         x-grpc-web: 1\r\ncontent-length: {}\r\n{fields}\r\n",
        body.len()
    );
    [head.into_bytes(), body].concat()
}

/// The head, and the body with its chunks put together.
async fn told(server: &Server, request: &[u8]) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(server.http_addr()).await.expect("it listens");
    stream.write_all(request).await.expect("sent");
    let mut came = Vec::new();
    timeout(LONG, stream.read_to_end(&mut came)).await.expect("in time").expect("read");
    split(&came)
}

fn split(came: &[u8]) -> (String, Vec<u8>) {
    let end = came.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(came[..end].to_vec()).expect("text").to_ascii_lowercase();
    let rest = &came[end + 4..];
    (head.clone(), if head.contains("transfer-encoding: chunked") { joined(rest) } else { rest.to_vec() })
}

fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(line) = chunks.windows(2).position(|two| two == b"\r\n") {
        let len = std::str::from_utf8(&chunks[..line]).expect("hex");
        let len = usize::from_str_radix(len, 16).expect("hex");
        let Some(chunk) = chunks.get(line + 2..line + 2 + len) else { break };
        body.extend(chunk);
        chunks = chunks.get(line + 4 + len..).unwrap_or_default();
    }
    body
}

/// The frames of a body: whether it is the trailers, and what is in it.
fn frames(mut body: &[u8]) -> Vec<(bool, &[u8])> {
    let mut frames = Vec::new();
    while let [flag, a, b, c, d, rest @ ..] = body {
        let len = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let Some(frame) = rest.get(..len) else { break };
        frames.push((*flag == 0x80, frame));
        body = &rest[len..];
    }
    frames
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_asks_and_is_answered_with_trailers_in_the_body() {
    let (_folder, server) = house().await;
    let message = SystemServiceGetStatusRequest::default();
    let request = asked("/davy.v1.SystemService/GetStatus", "connection: close\r\n", &message);
    let (head, body) = told(&server, &request).await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(head.contains("content-type: application/grpc-web+proto"), "{head}");
    let frames = frames(&body);
    let [(false, answer), (true, trailers)] = frames[..] else { panic!("{frames:?}") };
    let answer = SystemServiceGetStatusResponse::decode(answer).expect("an answer");
    assert_eq!(answer.sites[0].site, "park");
    assert!(std::str::from_utf8(trailers).expect("text").contains("grpc-status:0"));
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_subscribes_and_hears_heartbeats_as_they_come() {
    let (_folder, server) = house().await;
    let message = AlertServiceSubscribeRequest { heartbeat: true, ..Default::default() };
    let request = asked("/davy.v1.AlertService/Subscribe", "", &message);
    let mut stream = TcpStream::connect(server.http_addr()).await.expect("it listens");
    stream.write_all(&request).await.expect("sent");
    let mut came = Vec::new();
    // The two ends of the snapshot, and heartbeats.
    while !came.windows(4).any(|four| four == b"\r\n\r\n") || frames(&split(&came).1).len() < 4 {
        let mut part = [0; 4096];
        let len = timeout(LONG, stream.read(&mut part)).await.expect("in time").expect("read");
        assert!(len > 0, "the stream stands");
        came.extend(&part[..len]);
    }
    assert!(frames(&split(&came).1).iter().all(|(trailers, _)| !trailers));
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_are_named_may_call_and_others_may_not_whatever_they_are_called() {
    let (_folder, server) = house().await;
    let path = "/davy.v1.SystemService/GetStatus";
    for (origin, status) in [
        (Some(PAGE), "200"),
        (None, "200"),
        (Some("https://console.example.evil"), "403"),
        (Some("http://console.example"), "403"),
        (Some("null"), "403"),
        // As a page of the host that Davy was called by.
        (Some("http://davy"), "403"),
    ] {
        let field = origin.map_or(String::new(), |origin| format!("origin: {origin}\r\n"));
        let request =
            asked(path, &format!("{field}connection: close\r\n"), &SystemServiceGetStatusRequest::default());
        let (head, _) = told(&server, &request).await;
        assert!(head.starts_with(&format!("http/1.1 {status}")), "{origin:?}: {head}");
        let allowed = head.contains("access-control-allow-origin: https://console.example\r");
        assert_eq!(allowed, origin == Some(PAGE), "{origin:?}: {head}");
        assert!(!head.contains("allow-origin: *"));

        let before = format!(
            "OPTIONS {path} HTTP/1.1\r\nhost: davy\r\n{field}access-control-request-method: POST\r\n\
             access-control-request-headers: content-type,x-grpc-web\r\nconnection: close\r\n\r\n"
        );
        let (head, _) = told(&server, before.as_bytes()).await;
        let may = head.starts_with("http/1.1 204") && head.contains("access-control-allow-methods: post");
        assert_eq!(may, origin == Some(PAGE), "{origin:?}: {head}");
    }
    server.shutdown().await;
}

/// A page's host whose name was made to lead to this machine: the browser takes Davy for the page's own, and says no origin.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_is_led_to_this_machine_by_its_hosts_name_reads_nothing() {
    let (_folder, server) = house().await;
    for path in ["/metrics", "/davy.v1.SystemService/GetStatus"] {
        for (host, status) in [
            ("127.0.0.1:8080", "200"),
            ("localhost:8080", "200"),
            ("[::1]:8080", "200"),
            ("evil.example:8080", "401"),
            ("127.0.0.1.evil.example", "401"),
        ] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
            let (head, _) = told(&server, request.as_bytes()).await;
            assert!(head.starts_with(&format!("http/1.1 {status}")), "{path} of {host}: {head}");
        }
    }
    server.shutdown().await;
}

/// What a page loads as a picture, or asks for without wanting the answer, comes without an origin; who asks for it is told all the
/// same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_sites_page_loads_is_refused_before_it_takes_a_place_whatever_it_is() {
    let (_folder, server) = house().await;
    let told_of = async |from: &str| {
        let fields = format!("host: localhost\r\n{from}connection: close\r\n");
        let get = format!("GET /davy.v1.SystemService/GetStatus HTTP/1.1\r\n{fields}\r\n");
        let post = asked(
            "/davy.v1.SystemService/GetStatus",
            &format!("{from}connection: close\r\n"),
            &SystemServiceGetStatusRequest::default(),
        );
        (told(&server, get.as_bytes()).await.0, told(&server, &post).await.0)
    };
    for (from, status) in [
        ("", "200"),
        ("sec-fetch-site: none\r\n", "200"),
        ("sec-fetch-site: same-origin\r\n", "200"),
        ("sec-fetch-site: same-site\r\n", "403"),
        ("sec-fetch-site: cross-site\r\n", "403"),
        ("sec-fetch-site: none\r\nsec-fetch-site: cross-site\r\n", "403"),
    ] {
        let (get, post) = told_of(from).await;
        for head in [get, post] {
            assert!(head.starts_with(&format!("http/1.1 {status}")), "{from:?}: {head}");
        }
    }
    let named = format!("origin: {PAGE}\r\nsec-fetch-site: cross-site\r\n");
    let (get, post) = told_of(&named).await;
    assert!(get.starts_with("http/1.1 200") && post.starts_with("http/1.1 200"), "{get}\n{post}");
    server.shutdown().await;
}

/// The head of an answer that may never end.
async fn head_of(server: &Server, request: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(server.http_addr()).await.expect("it listens");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut came = Vec::new();
    while !came.windows(4).any(|four| four == b"\r\n\r\n") {
        let mut part = [0; 4096];
        let len = timeout(LONG, stream.read(&mut part)).await.expect("in time").expect("read");
        assert!(len > 0, "{}", String::from_utf8_lossy(&came));
        came.extend(&part[..len]);
    }
    (stream, String::from_utf8_lossy(&came).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_becomes_a_consumer_by_a_get() {
    let (_folder, server) = house().await;
    let path = "/davy.v1.AlertService/Subscribe";
    let consumers = async || {
        let list = "GET /davy.v1.AlertService/ListConsumers HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        String::from_utf8(told(&server, list.as_bytes()).await.1).expect("text")
    };
    // `{"consumer":"scada"}`, and the same by its other name.
    for asked in ["%7B%22consumer%22%3A%22scada%22%7D", "%7B%22\\u0063onsumer%22%3A%22scada%22%7D"] {
        let get = format!("GET {path}?message={asked} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let (_stream, came) = head_of(&server, &get).await;
        assert!(came.starts_with("HTTP/1.1 400"), "{came}");
    }
    assert!(!consumers().await.contains("scada"));
    let get = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let (_stream, came) = head_of(&server, &get).await;
    assert!(came.starts_with("HTTP/1.1 200"), "one that is no consumer may: {came}");
    let body = "{\"consumer\":\"scada\"}";
    let post = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let (_stream, came) = head_of(&server, &post).await;
    assert!(came.starts_with("HTTP/1.1 200"), "{came}");
    assert!(consumers().await.contains("scada"));
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_calls_that_carry_files_may_be_long() {
    use davy_proto::v1::{RuleServiceCheckRequest, RuleServiceGetRequest, SiteFile};
    use davy_server::rpc::v1::rule_service_client::RuleServiceClient;

    let (_folder, server) = house().await;
    let channel = tonic::transport::Endpoint::from_shared(format!("http://{}", server.http_addr()));
    let channel = channel.expect("an address").connect().await.expect("it listens");
    let mut rules = RuleServiceClient::new(channel);
    let long = "#".repeat(2 << 20);
    let files = vec![SiteFile { path: "site.yaml".to_owned(), text: format!("site: park\n{long}") }];
    rules.check(RuleServiceCheckRequest { files }).await.expect("it is taken");
    let asked = RuleServiceGetRequest { site: long, ..Default::default() };
    let refused = rules.get(asked).await.expect_err("it is too long");
    assert_eq!(refused.code(), tonic::Code::ResourceExhausted, "{refused}");
    server.shutdown().await;
}
