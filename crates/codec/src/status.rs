//! The status topic of an edge node: it is there, it says goodbye, or its last will says that it is gone.

use std::str;

use davy_model::{NodeChange, Reason};
use serde::Deserialize;

use crate::{Rejection, clip::clip_bytes};

/// The longest status, bytes: what is longer is not one.
const STATUS_LEN_MAX: usize = 1024;

#[derive(Deserialize)]
struct Document<'a> {
    online: Option<bool>,
    #[serde(borrow)]
    state: Option<std::borrow::Cow<'a, str>>,
}

/// Reads `online`, `offline` or `lost`, bare or as a JSON text; or `{"online": true}`; or `{"state": "lost"}`. Other
/// fields of the object are ignored. Capitals do not matter.
///
/// # Errors
/// A [`Rejection`] with `SCHEMA_VIOLATION` when it is none of these, or says two things; with `PAYLOAD_TOO_LARGE` past
/// 1 KiB.
pub fn decode_status(payload: &[u8]) -> Result<NodeChange, Box<Rejection>> {
    if payload.len() > STATUS_LEN_MAX {
        let got = format!("{} bytes", payload.len());
        let expected = format!("at most {STATUS_LEN_MAX} bytes");
        let refusal = Rejection::new(Reason::PayloadTooLarge, String::new(), &got, &expected, "send online");
        return Err(refusal.free().into());
    }
    let text = str::from_utf8(payload).ok().map(str::trim);
    text.and_then(state).ok_or_else(|| {
        let expected = "online, offline, lost, {\"online\": true} or {\"state\": \"online\"}";
        let fix = "send one of these, retained; and lost as the last will";
        Rejection::new(Reason::SchemaViolation, String::new(), &clip_bytes(payload), expected, fix)
            .free()
            .into()
    })
}

fn state(text: &str) -> Option<NodeChange> {
    if !text.starts_with('{') {
        return word(text.trim_matches('"'));
    }
    let document: Document<'_> = serde_json::from_str(text).ok()?;
    let online = document.online.map(|online| if online { NodeChange::Online } else { NodeChange::Offline });
    match (online, document.state) {
        (Some(change), None) => Some(change),
        (None, Some(state)) => word(&state),
        (Some(online), Some(state)) => {
            let change = word(&state)?;
            // `online: false` says less than `lost`, and does not deny it.
            let agree = (online == NodeChange::Online) == (change == NodeChange::Online);
            agree.then_some(change)
        }
        (None, None) => None,
    }
}

fn word(text: &str) -> Option<NodeChange> {
    NodeChange::ALL.into_iter().find(|change| change.word().eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_node_says_how_it_is_in_the_words_its_maker_knows() {
        for (payload, want) in [
            ("online", Some(NodeChange::Online)),
            ("OFFLINE\n", Some(NodeChange::Offline)),
            ("\"lost\"", Some(NodeChange::Lost)),
            (r#"{"online": true, "fw": "1.2"}"#, Some(NodeChange::Online)),
            (r#"{"online":false}"#, Some(NodeChange::Offline)),
            (r#"{"state":"lost"}"#, Some(NodeChange::Lost)),
            (r#"{"online":false,"state":"lost"}"#, Some(NodeChange::Lost)),
            (r#"{"online":true,"state":"lost"}"#, None),
            (r#"{"online":"yes"}"#, None),
            (r#"{"state":"fine"}"#, None),
            ("{}", None),
            ("", None),
            ("1", None),
        ] {
            assert_eq!(decode_status(payload.as_bytes()).ok(), want, "{payload}");
        }
        assert!(decode_status(&[0xff]).is_err());
    }

    #[test]
    fn a_status_that_is_none_is_refused_with_what_to_send() {
        let refusal = decode_status(b"hello").expect_err("no status");
        assert_eq!((refusal.reason, refusal.got.as_str()), (Reason::SchemaViolation, "hello"));
        assert!(refusal.expected.contains("online") && refusal.readings == 0);
        let long = decode_status(&[b'x'; 2000]).expect_err("too long");
        assert_eq!(long.reason, Reason::PayloadTooLarge);
    }
}
