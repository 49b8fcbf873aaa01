//! What a request calls its host, and how its body is sent: whoever stands before Davy must not have understood it otherwise.

use std::net::IpAddr;

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{StatusCode, Version, header, uri::Authority};

/// Refuses what can be understood in two ways, and closes its connection: no host or two (RFC 9112, 3.2), and a body that is sent
/// otherwise than in chunks, once (6.1). HTTP/2 has its own words for both.
pub(crate) async fn unmistakable(request: Request, next: Next) -> Response {
    let hosts = request.headers().get_all(header::HOST).iter().count();
    let one_host = if request.version() == Version::HTTP_11 { hosts == 1 } else { hosts <= 1 };
    let mut sent = request.headers().get_all(header::TRANSFER_ENCODING).iter();
    let (first, second) = (sent.next(), sent.next());
    let in_chunks = first.is_none_or(|sent| sent.as_bytes().eq_ignore_ascii_case(b"chunked"));
    let told = match (one_host, in_chunks && second.is_none()) {
        (true, true) => return next.run(request).await,
        (false, _) => "a request names one host\n",
        (true, false) => "a body is sent as it is or in chunks\n",
    };
    (StatusCode::BAD_REQUEST, [(header::CONNECTION, "close")], told).into_response()
}

/// Whether a request calls its host by a name that only this machine has: an address of loopback, or localhost. What names none is
/// no browser's.
pub(crate) fn is_of_this_machine<B>(request: &http::Request<B>) -> bool {
    if let Some(authority) = request.uri().authority() {
        return is_loopback(authority.host());
    }
    let Some(host) = request.headers().get(header::HOST) else { return true };
    let named: Option<Authority> = host.to_str().ok().and_then(|host| host.parse().ok());
    named.is_some_and(|named| is_loopback(named.host()))
}

fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let name = host.to_ascii_lowercase();
    match bare.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn a_name_that_others_may_have_is_not_this_machines() {
        for (host, is) in [
            ("127.0.0.1:8080", true),
            ("127.0.0.2", true),
            ("[::1]:8080", true),
            ("localhost", true),
            ("LOCALHOST:8080", true),
            ("davy.localhost:8080", true),
            ("evil.example", false),
            ("evil.example:8080", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("192.0.2.1", false),
            ("", false),
            ("a b", false),
        ] {
            let request = Request::get("/metrics").header("host", host).body(()).expect("a request");
            assert_eq!(is_of_this_machine(&request), is, "{host:?}");
            if let Ok(whole) = Request::get(format!("http://{host}/metrics")).body(()) {
                assert_eq!(is_of_this_machine(&whole), is, "{host:?} in the address");
            }
        }
        assert!(is_of_this_machine(&Request::get("/metrics").body(()).expect("a request")), "no name");
    }
}
