//! Calls with wrong heads, wrong names and wrong deadlines.

use http::Method;
use tonic::Code;

use super::call_case::{CallCase, FINE, Told, framed};
use crate::abuse::VIEWER;

const LIST: &str = "/davy.v1.AlarmService/List";

pub(super) fn cases() -> Vec<CallCase> {
    [heads(), names(), deadlines(), who(), elsewhere()].concat()
}

fn row(name: &str, want: Told) -> CallCase {
    CallCase::of(name, LIST, want)
}

fn heads() -> Vec<CallCase> {
    let kind =
        |kind: &str, want: Told| row(&format!("content-type {kind:?}"), want).with("content-type", kind);
    let by = |method: Method, want: Told| row(&format!("by {method}"), want).by(method);
    vec![
        row("no content-type", Told::Http(415)).without("content-type"),
        kind("", Told::Http(415)),
        kind("text/plain", Told::Http(415)),
        kind("application/octet-stream", Told::Http(415)),
        kind("application/x-www-form-urlencoded", Told::Http(415)),
        kind("multipart/form-data; boundary=x", Told::Http(415)),
        kind("application/grpcx", Told::Http(415)),
        kind("application/grpc+json", Told::Http(415)),
        kind("application/grpc+proto", FINE),
        row("no te", FINE).without("te"),
        by(Method::PUT, Told::Http(405)),
        by(Method::DELETE, Told::Http(405)),
        by(Method::PATCH, Told::Http(405)),
        by(Method::TRACE, Told::Http(405)),
        row("metadata in bytes that are no base64", FINE).also("x-davy-bin", "%%%"),
        row("user-agent of 8 KiB", FINE).with("user-agent", "x".repeat(8 << 10)),
    ]
}

fn names() -> Vec<CallCase> {
    let unknown = || Told::Grpc(Code::Unimplemented, "METHOD_UNKNOWN");
    let at = |path: &str, want: Told| CallCase::of(&format!("call of {path}"), path, want);
    vec![
        at("/davy.v1.AlarmService/Nothing", unknown()),
        at("/davy.v1.AlarmService/list", unknown()),
        at("/davy.v1.AlarmService/List/", unknown()),
        at("/davy.v1.AlarmService/", unknown()),
        at("/davy.v1.AlarmService", unknown()),
        at("/davy.v1.Nothing/List", unknown()),
        at("/davy.v2.AlarmService/List", unknown()),
        at("/AlarmService/List", unknown()),
        at("//davy.v1.AlarmService/List", unknown()),
        at("/davy.v1.AlarmService/Li%73t", unknown()),
        at("/davy.v1.AlarmService/../AlarmService/List", unknown()),
        at("/grpc.channelz.v1.Channelz/GetServers", unknown()),
        at("/davy.v1.AlarmService/List?x=y", FINE),
        at(
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            Told::Grpc(Code::Unauthenticated, "AUTH_FAILED"),
        )
        .without("authorization"),
        at(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            Told::Grpc(Code::Unauthenticated, "AUTH_FAILED"),
        )
        .without("authorization"),
        at("/davy.v1.AlarmService/Nothing", Told::Grpc(Code::Unauthenticated, "AUTH_FAILED"))
            .without("authorization")
            .named("a method that there is not, asked by a stranger"),
        at("/grpc.health.v1.Health/Check", Told::Grpc(Code::NotFound, "REQUEST_INVALID"))
            .body(framed(b"\x0a\x04none"))
            .named("health of no service"),
        at("/grpc.health.v1.Health/Check", FINE)
            .without("authorization")
            .named("health, asked by a stranger"),
    ]
}

fn deadlines() -> Vec<CallCase> {
    let late = || Told::Grpc(Code::DeadlineExceeded, "DEADLINE_EXCEEDED");
    let within =
        |text: &str, want: Told| row(&format!("grpc-timeout {text:?}"), want).with("grpc-timeout", text);
    // What cannot be understood is as if it had not been said: the port's own limit stays.
    let mut all = vec![
        within("0S", late()),
        within("1n", late()),
        within("99999999H", FINE),
        within("00000030S", FINE),
    ];
    for text in
        ["", "S", "10", "-1S", "+1S", "1.5S", "1s", "1 S", "999999999S", "1é", "\u{ff11}S", "NaNS", "0x1S"]
    {
        all.push(within(text, FINE));
    }
    all.push(row("grpc-timeout twice", FINE).also("grpc-timeout", "30S").also("grpc-timeout", "1n"));
    all
}

/// Whoever shows nothing good is nobody, and is not told why.
fn who() -> Vec<CallCase> {
    let nobody = || Told::Grpc(Code::Unauthenticated, "AUTH_FAILED");
    let shows = |name: &str, shown: &[u8]| row(name, nobody()).with("authorization", shown);
    let good = format!("Bearer {VIEWER}");
    let session = format!("Bearer davy_s_{}", "0".repeat(64));
    let canary = format!("Bearer davy_k_{}", "0".repeat(64));
    let long = format!("Bearer {}", "x".repeat(12 << 10));
    // {"alg":"none"}, {"alg":"HS256"}; {"sub":"viewer","exp":9999999999}
    let none = "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ2aWV3ZXIiLCJleHAiOjk5OTk5OTk5OTl9.";
    let signed = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ2aWV3ZXIiLCJleHAiOjk5OTk5OTk5OTl9.c2lnbmF0dXJl";
    let twice = row("a token twice", nobody()).also("authorization", &good);
    vec![
        row("no token", nobody()).without("authorization"),
        shows("an empty token", b""),
        shows("a scheme alone", b"Bearer"),
        shows("a scheme and a blank", b"Bearer "),
        shows("a guessed token", b"Bearer guess"),
        shows("a token without its scheme", VIEWER.as_bytes()),
        shows("a password", b"Basic dmlld2VyOnZpZXdlcg=="),
        shows("a token cut short", &good.as_bytes()[..good.len() - 1]),
        shows("a token with more behind it", format!("{good}x").as_bytes()),
        shows("a token and a word", format!("{good} x").as_bytes()),
        shows("a token in upper case", format!("Bearer {}", VIEWER.to_uppercase()).as_bytes()),
        shows("two tokens in one", format!("{good},{good}").as_bytes()),
        shows("a token of bytes", b"Bearer \xFF\xFE"),
        shows("a token of 12 KiB", long.as_bytes()),
        shows(
            "the hash of a token",
            b"Bearer 5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
        ),
        shows("a gateway's password", b"Bearer token-of-gw-1"),
        shows("a forged session", session.as_bytes()),
        shows("a forged token of the canary", canary.as_bytes()),
        shows("a token signed by nobody", none.as_bytes()),
        shows("a token signed by anybody", signed.as_bytes()),
        shows("an account whose time is over", b"Bearer token-of-a-guest-of-last-year"),
        twice,
    ]
}

/// Whoever says who they are in another way, and whoever is known and may not.
fn elsewhere() -> Vec<CallCase> {
    let nobody = || Told::Grpc(Code::Unauthenticated, "AUTH_FAILED");
    let good = format!("Bearer {VIEWER}");
    vec![
        row("a token as a cookie", nobody())
            .without("authorization")
            .also("cookie", format!("authorization={good}; token={VIEWER}")),
        row("a token in another field", nobody())
            .without("authorization")
            .also("x-authorization", &good)
            .also("proxy-authorization", &good),
        row("whoever says that they are known", nobody())
            .without("authorization")
            .also("x-forwarded-for", "127.0.0.1")
            .also("x-forwarded-user", "caretaker")
            .also("x-client-verified", "SUCCESS"),
        row("a role that may not", Told::Grpc(Code::PermissionDenied, "NOT_ALLOWED"))
            .with("authorization", "Bearer token-of-an-admin"),
        CallCase::of(
            "a command of a viewer's",
            "/davy.v1.AlarmService/Acknowledge",
            Told::Grpc(Code::PermissionDenied, "NOT_ALLOWED"),
        ),
        row("a site of another's", Told::Grpc(Code::NotFound, "SITE_UNKNOWN"))
            .with("authorization", "Bearer token-of-a-viewer-of-yard")
            .body(framed(b"\x0a\x05plant")),
        row("a site that there is not", Told::Grpc(Code::NotFound, "SITE_UNKNOWN"))
            .with("authorization", "Bearer token-of-a-viewer-of-yard")
            .body(framed(b"\x0a\x05plan9")),
    ]
}
