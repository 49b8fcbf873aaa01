//! A row of one gRPC call, in honest HTTP/2, and what must be answered.

use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use http::{HeaderMap, Method, Request, Response, Version, request::Builder};
use tokio::time::timeout;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{
    LONG,
    abuse::{House, VIEWER, raw::tcp},
};

/// A stream that has begun and says nothing for so long has been let go on.
const A_WHILE: Duration = Duration::from_millis(50);

/// Header fields that any library of gRPC takes, bytes: those for Java and C++ take the fewest.
const FIELDS_LEN_MAX: usize = 8 << 10;

/// A row.
#[derive(Clone, Debug)]
pub(super) struct CallCase {
    pub(super) name: String,
    method: Method,
    path: String,
    fields: Vec<(&'static str, Vec<u8>)>,
    /// One call each.
    bodies: Vec<Vec<u8>>,
    want: Told,
}

/// What must be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// This status with this reason; a good one has none.
    Grpc(Code, &'static str),
    /// No gRPC at all: this HTTP status.
    Http(u16),
    /// An answer, or a refusal that lays it on the caller and has a reason; never a fault of Davy's own.
    NoFault,
}

/// A good answer.
pub(super) const FINE: Told = Told::Grpc(Code::Ok, "");

/// What a caller may be told it did wrong.
const CALLERS_FAULT: [Code; 8] = [
    // A log-in.
    Code::Unauthenticated,
    Code::InvalidArgument,
    Code::NotFound,
    Code::FailedPrecondition,
    Code::PermissionDenied,
    Code::OutOfRange,
    Code::AlreadyExists,
    Code::ResourceExhausted,
];

/// A message as gRPC frames it.
pub(super) fn framed(message: &[u8]) -> Vec<u8> {
    let len = u32::try_from(message.len()).expect("short").to_be_bytes();
    [&[0], &len[..], message].concat()
}

impl CallCase {
    /// An honest call of a viewer's, without anything in its message.
    pub(super) fn of(name: &str, path: &str, want: Told) -> CallCase {
        let fields = vec![
            ("content-type", b"application/grpc".to_vec()),
            ("te", b"trailers".to_vec()),
            ("authorization", format!("Bearer {VIEWER}").into_bytes()),
        ];
        let (name, path) = (format!("grpc/{name}"), path.to_owned());
        CallCase { name, method: Method::POST, path, fields, bodies: vec![framed(b"")], want }
    }

    /// The same by another method.
    pub(super) fn by(self, method: Method) -> CallCase {
        CallCase { method, ..self }
    }

    /// The same by another name.
    pub(super) fn named(self, name: &str) -> CallCase {
        CallCase { name: format!("grpc/{name}"), ..self }
    }

    /// The same with another body.
    pub(super) fn body(self, body: Vec<u8>) -> CallCase {
        CallCase { bodies: vec![body], ..self }
    }

    /// The same with a call for each of these messages.
    pub(super) fn messages(self, messages: &[Vec<u8>]) -> CallCase {
        CallCase { bodies: messages.iter().map(|message| framed(message)).collect(), ..self }
    }

    pub(super) fn without(mut self, name: &str) -> CallCase {
        self.fields.retain(|(of, _)| *of != name);
        self
    }

    /// The same with one field more.
    pub(super) fn also(mut self, name: &'static str, value: impl AsRef<[u8]>) -> CallCase {
        self.fields.push((name, value.as_ref().to_vec()));
        self
    }

    /// The same with another value of a field.
    pub(super) fn with(self, name: &'static str, value: impl AsRef<[u8]>) -> CallCase {
        self.without(name).also(name, value)
    }

    pub(super) async fn try_on(&self, house: &House) -> Result<(), String> {
        let stream = tcp(house.davy.http()).await;
        let (client, connection) = h2::client::handshake(stream).await.map_err(|error| self.wrong(error))?;
        // How it ends is seen by what is asked.
        let driven = tokio::spawn(async move { drop(connection.await) });
        let mut client = client.ready().await.map_err(|error| self.wrong(error))?;
        for body in &self.bodies {
            let told = self.ask(&mut client, body).await.map_err(|error| self.wrong(error))?;
            if !self.is_met(&told) {
                return Err(self.wrong(format!("{told:?} to {:02x?}", &body[..body.len().min(64)])));
            }
        }
        let goes_on = health(&mut client).await;
        driven.abort();
        goes_on.map_err(|error| self.wrong(format!("then {error}")))
    }

    fn wrong(&self, came: impl std::fmt::Display) -> String {
        format!("{}: {:?} must come, and this came: {came}", self.name, self.want)
    }

    fn is_met(&self, told: &Came) -> bool {
        match (&self.want, told) {
            (Told::Http(want), Came::Http(status)) => want == status,
            (_, Came::Grpc(_, _, len)) if *len > FIELDS_LEN_MAX => false,
            (Told::Grpc(want, reason), Came::Grpc(code, came, _)) => want == code && reason == came,
            (Told::NoFault, Came::Grpc(code, reason, _)) => {
                *code == Code::Ok || CALLERS_FAULT.contains(code) && !reason.is_empty()
            }
            _ => false,
        }
    }

    async fn ask(&self, client: &mut SendRequest<Bytes>, body: &[u8]) -> Result<Came, h2::Error> {
        let uri = format!("http://davy{}", self.path);
        let mut request = Request::builder().method(self.method.clone()).uri(uri).version(Version::HTTP_2);
        for (name, value) in &self.fields {
            request = request.header(*name, &value[..]);
        }
        let (answer, mut sent) = send(client, request)?;
        // Whoever is answered before all is sent need not send the rest.
        let _ = sent.send_data(Bytes::copy_from_slice(body), true);
        let answer = timeout(LONG, answer).await.expect("an answer in time")?;
        came(answer).await
    }
}

#[derive(Debug)]
enum Came {
    /// A status, its reason, and how long the fields are that it came in, bytes as RFC 9113 counts them.
    Grpc(Code, String, usize),
    Http(u16),
}

type Sent = (h2::client::ResponseFuture, h2::SendStream<Bytes>);

fn send(client: &mut SendRequest<Bytes>, request: Builder) -> Result<Sent, h2::Error> {
    client.send_request(request.body(()).expect("a request"), false)
}

async fn came(answer: Response<h2::RecvStream>) -> Result<Came, h2::Error> {
    let (head, mut body) = answer.into_parts();
    if head.status != 200 {
        return Ok(Came::Http(head.status.as_u16()));
    }
    if let Some(told) = told(&head.headers) {
        return Ok(told);
    }
    while let Ok(Some(part)) = timeout(A_WHILE, body.data()).await {
        let len = part?.len();
        let _ = body.flow_control().release_capacity(len);
    }
    match timeout(A_WHILE, body.trailers()).await {
        Ok(trailers) => Ok(trailers?.and_then(|trailers| told(&trailers)).unwrap_or(Came::Http(200))),
        // A stream that goes on.
        Err(_) => Ok(Came::Grpc(Code::Ok, String::new(), 0)),
    }
}

fn told(headers: &HeaderMap) -> Option<Came> {
    let status = Status::from_header_map(headers)?;
    let len = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
    let info = status.get_details_error_info();
    let reason = info.map(|info| info.reason).unwrap_or_default();
    Some(Came::Grpc(status.code(), reason, len))
}

/// Whether the same connection goes on serving.
async fn health(client: &mut SendRequest<Bytes>) -> Result<(), String> {
    let request = Request::get("http://davy/healthz").body(()).expect("a request");
    let (answer, _) = client.send_request(request, true).map_err(|error| error.to_string())?;
    let answer =
        timeout(LONG, answer).await.expect("an answer in time").map_err(|error| error.to_string())?;
    (answer.status() == 200).then_some(()).ok_or_else(|| answer.status().to_string())
}
