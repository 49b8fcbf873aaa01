//! The pages beside the services.

use davy_access::Role;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::house::{House, accounts, token};

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
