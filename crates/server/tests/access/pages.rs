//! The pages beside the services.

use davy_access::Role;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::house::{House, accounts, token, word};

async fn get(house: &House, path: &str, fields: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(house.server.http_addr()).await.expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nhost: davy\r\nconnection: close\r\n{fields}\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut came = String::new();
    stream.read_to_string(&mut came).await.expect("an answer");
    let code = came.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default();
    (code, came)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_page_asks_for_its_permission() {
    let house = House::open(&accounts()).await;
    let bearer = |role, scope: &str| format!("Authorization: Bearer {}\r\n", token(role, scope));
    let viewer = bearer(Role::Viewer, "all");
    for (what, path, fields, want) in [
        ("anybody", "/healthz", String::new(), 200),
        ("a wrong token", "/healthz", "authorization: Bearer x\r\n".to_owned(), 200),
        ("anybody", "/metrics", String::new(), 401),
        ("a wrong token", "/metrics", "authorization: Bearer x\r\n".to_owned(), 401),
        ("a password", "/metrics", "authorization: Basic YW5uOmFubg==\r\n".to_owned(), 401),
        ("a token in the address", "/metrics?access_token=token-of-viewer-all", String::new(), 401),
        ("a token as a cookie", "/metrics", "cookie: token=token-of-viewer-all\r\n".to_owned(), 401),
        ("two tokens", "/metrics", viewer.repeat(2), 401),
        ("a token with more behind it", "/metrics", viewer.replace("\r\n", " x\r\n"), 401),
        ("a viewer of everything", "/metrics", viewer.clone(), 200),
        (
            "in another case",
            "/metrics",
            viewer.replace("Authorization: Bearer", "AUTHORIZATION: bEARER"),
            200,
        ),
        ("a viewer of one site", "/metrics", bearer(Role::Viewer, "own"), 403),
        ("an admin", "/metrics", bearer(Role::Admin, "all"), 403),
        ("an auditor", "/metrics", bearer(Role::Auditor, "all"), 403),
    ] {
        let (code, came) = get(&house, path, &fields).await;
        assert_eq!(code, want, "{what} at {path}: {came}");
        assert_eq!(code == 401, came.to_lowercase().contains("www-authenticate: bearer"), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_names_no_site_to_whoever_is_not_known() {
    let house = House::open(&accounts()).await;
    let (_, came) = get(&house, "/healthz", "").await;
    assert!(came.ends_with("\r\n\r\nok\n"), "{came}");
    let viewer = format!("authorization: Bearer {}\r\n", token(Role::Viewer, "all"));
    let (_, came) = get(&house, "/healthz", &viewer).await;
    assert!(came.contains("the canary is off"), "whoever may see everything sees the reasons: {came}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_in_json_is_asked_of_the_same_caller() {
    let house = House::open(&accounts()).await;
    let bearer = |role, scope: &str| format!("authorization: Bearer {}\r\n", token(role, scope));
    let list = "/davy.v1.AlarmService/List";
    let of_gas = "/davy.v1.AlarmService/List?message=%7B%22sites%22%3A%5B%22gas%22%5D%7D";
    for (what, path, fields, code, word) in [
        ("nobody", list, String::new(), 401, "AUTH_FAILED"),
        ("a wrong token", list, "authorization: Bearer x\r\n".to_owned(), 401, "AUTH_FAILED"),
        ("an admin", list, bearer(Role::Admin, "all"), 403, "NOT_ALLOWED"),
        ("a viewer", list, bearer(Role::Viewer, "own"), 200, ""),
        ("a viewer of another site", of_gas, bearer(Role::Viewer, "own"), 404, "SITE_UNKNOWN"),
        ("a viewer of that site", of_gas, bearer(Role::Viewer, "other"), 200, ""),
    ] {
        let (found, came) = get(&house, path, &fields).await;
        assert_eq!(found, code, "{what}: {came}");
        assert!(came.contains(word), "{what}: {came}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_takes_no_place_is_not_read_and_is_counted() {
    // Not one call may be made at a time: whoever were given a place first would hear of that.
    let house = House::with(&accounts(), |config, _| config.port.limits.calls_max = 0).await;
    let path = "/davy.v1.AlarmService/List";
    assert_eq!(word(&house.ask(path, Some("guess"), Vec::new()).await), "AUTH_FAILED");
    assert_eq!(word(&house.ask(path, Some(&token(Role::Admin, "all")), Vec::new()).await), "NOT_ALLOWED");
    let viewer = token(Role::Viewer, "all");
    assert_eq!(word(&house.ask(path, Some(&viewer), Vec::new()).await), "CALLS_TOO_MANY");

    // A body that never comes, announced by nobody known: the answer does not wait for it.
    let mut stream = TcpStream::connect(house.server.http_addr()).await.expect("it listens");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: davy\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut came = [0; 12];
    let read = tokio::time::timeout(std::time::Duration::from_secs(5), stream.read_exact(&mut came)).await;
    read.expect("it is answered unread").expect("an answer");
    assert_eq!(&came, b"HTTP/1.1 401");

    let bearer = format!("authorization: Bearer {viewer}\r\n");
    let (_, figures) = get(&house, "/metrics", &bearer).await;
    // Servers of one process share their figures.
    for (why, times) in [("unknown", 2), ("not_allowed", 1)] {
        let name = format!("davy_http_refused_total{{why=\"{why}\"}} ");
        let count: Option<u64> = figures.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok());
        assert!(count >= Some(times), "{why}: {count:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_browser_may_show_is_taken_for_what_it_is_and_not_kept() {
    let house = House::open(&accounts()).await;
    for path in [
        "/healthz",
        "/metrics",
        "/errors/AUTH_FAILED",
        "/errors/none",
        "/davy.v1.AlarmService/List",
        "/elsewhere",
    ] {
        let (_, came) = get(&house, path, "").await;
        for field in [
            "x-content-type-options: nosniff",
            "content-security-policy: default-src 'none'",
            "cache-control: no-store",
            "referrer-policy: no-referrer",
        ] {
            assert!(came.contains(field), "{path}: no {field} in {came}");
        }
    }
}
