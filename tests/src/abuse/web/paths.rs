//! Paths that lead elsewhere: Davy serves no files, and sends nobody anywhere.

use super::case::{Case, Then, of_nobody, of_viewer};

pub(super) fn cases() -> Vec<Case> {
    [nowhere(), codes(), asked()].concat()
}

fn nowhere() -> Vec<Case> {
    [
        "/",
        "//healthz",
        "//evil.example/",
        "//evil.example/%2f..",
        "/\\evil.example",
        "/healthz/",
        "/healthz/..",
        "/healthz;x=y",
        "/healthz%00",
        "/healthz%2e",
        "/HEALTHZ",
        "/./metrics",
        "/x/../metrics",
        "/..;/metrics",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/../../../../etc/passwd",
        "/..%5c..%5cwindows%5cwin.ini",
        "/%c0%ae%c0%ae/etc/passwd",
        "/.git/config",
        "/.env",
        "/davy.toml",
        "/accounts.toml",
        "/server.key",
        "/admin",
        "/actuator/env",
        "/debug/pprof/",
        "/cgi-bin/sh",
        "/index.php?=phpinfo()",
        "/redirect?to=http://evil.example",
        "/login?next=//evil.example",
    ]
    .map(|path| {
        let row =
            Case::of(&format!("GET {path}"), of_nobody(&format!("GET {path}"), "", ""), 404, Then::Open);
        row.lacks("root:").lacks("token_sha256").lacks("location:")
    })
    .into()
}

/// Pages of reason codes: a name that is none is no path, and does not come back.
fn codes() -> Vec<Case> {
    let row = |code: &str, status: u16| {
        let line = format!("GET /errors/{code}");
        let row = Case::of(&line, of_nobody(&line, "", ""), status, Then::Open);
        row.lacks("<script>").lacks("root:").lacks("x-evil")
    };
    let mut all: Vec<Case> = [
        "..",
        "..%2f..%2f..%2fetc%2fpasswd",
        "..%5c..%5cREADME",
        "%00",
        "AUTH_FAILED%00",
        "AUTH_FAILED.md",
        "auth_failed",
        "README",
        "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
        "AUTH_FAILED%0d%0ax-evil:%201",
        "%0d%0a%0d%0a%3Cscript%3E",
        "%252e%252e",
        "%F0%9F%92%A5",
    ]
    .map(|code| row(code, 404))
    .into();
    let line = "GET /errors/<script>alert(1)</script>";
    all.push(Case::of(line, of_nobody(line, "", ""), 400, Then::Closed));
    all.push(row("AUTH_FAILED", 200));
    all.push(row("AUTH_FAILED?x=%3Cscript%3E", 200));
    all.push(row("%ff%fe", 400));
    all.push(row("%", 404));
    all.push(row("", 404));
    all.push(row("a/b", 404));
    all
}

fn asked() -> Vec<Case> {
    let list = "GET /davy.v1.AlarmService/List";
    let row = |query: &str, status: u16| {
        let line = format!("{list}?{query}");
        let short: String = query.chars().take(60).collect();
        Case::of(&format!("query {short}"), of_viewer(&line, "", ""), status, Then::Open)
    };
    vec![
        row("", 200),
        row("message=", 200),
        row("message={}", 200),
        row("message=%7B%7D&x=y", 200),
        row("message=%7B%7D&message=%7B%7D", 400).has("REQUEST_INVALID"),
        row("message=%", 400),
        row("message=%ff", 400).has("REQUEST_INVALID"),
        row("message=%00", 400).has("REQUEST_INVALID"),
        row("message[]=%7B%7D", 200),
        row("&&&===&", 200),
        row(&format!("message={}", "%20".repeat(4000)), 200),
        row(&"x=y&".repeat(3000), 200),
        row("message=%3Cscript%3Ealert(1)%3C/script%3E", 400).has("REQUEST_INVALID").has("application/json"),
        row("callback=alert", 200).has("application/json").lacks("alert("),
        row("encoding=proto&base64=1&message=AAAA", 400),
        row("connect=v1&encoding=json&message=%7B%7D", 200),
        row("access_token=token-of-an-admin", 200),
    ]
}
