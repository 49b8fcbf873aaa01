//! What a host application says of itself in its STATE topic: JSON, not protobuf (chapter 4.1, "STATE").

use davy_model::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether a host application is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostState {
    /// It is there.
    pub online: bool,
    /// When its connection began, or when it said goodbye, ms since 1970. The latest is true.
    pub timestamp: u64,
}

/// The longest STATE, bytes: what is longer is not one.
const STATE_LEN_MAX: usize = 1024;

/// The payload of a STATE message.
pub fn state_payload(online: bool, at: Timestamp) -> Vec<u8> {
    let timestamp = u64::try_from(at.as_micros() / 1000).unwrap_or(0);
    serde_json::to_vec(&HostState { online, timestamp }).expect("plain fields always serialize")
}

/// Reads a STATE message; `None` when it is none of version 3.0.
pub fn decode_state(payload: &[u8]) -> Option<HostState> {
    (payload.len() <= STATE_LEN_MAX).then(|| serde_json::from_slice(payload).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_is_json_with_two_fields_and_the_time_in_milliseconds() {
        let at = Timestamp::from_millis(1_795_420_800_123);
        assert_eq!(state_payload(true, at), br#"{"online":true,"timestamp":1795420800123}"#);
        assert_eq!(state_payload(false, at), br#"{"online":false,"timestamp":1795420800123}"#);
        let back = decode_state(&state_payload(false, at)).expect("a state");
        assert_eq!(back, HostState { online: false, timestamp: 1_795_420_800_123 });
    }

    #[test]
    fn what_is_no_state_of_version_3_is_none() {
        for payload in
            ["ONLINE", "OFFLINE", "", "{}", r#"{"online":"true","timestamp":1}"#, r#"{"online":true}"#]
        {
            assert_eq!(decode_state(payload.as_bytes()), None, "{payload}");
        }
        assert_eq!(decode_state(&vec![b' '; 2000]), None);
    }
}
