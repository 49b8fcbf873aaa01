//! Header fields as HPACK has them, never indexed and never compressed unless a row says otherwise (RFC 7541).

use crate::abuse::VIEWER;

/// An integer behind a prefix of so many bits; `first` has what stands before it.
pub(super) fn integer(first: u8, bits: u32, value: usize) -> Vec<u8> {
    let most = (1usize << bits) - 1;
    if value < most {
        return vec![first | value as u8];
    }
    let (mut out, mut rest) = (vec![first | most as u8], value - most);
    while rest >= 128 {
        out.push((rest % 128) as u8 | 128);
        rest /= 128;
    }
    out.push(rest as u8);
    out
}

/// A string.
fn string(text: &[u8]) -> Vec<u8> {
    [integer(0, 7, text.len()), text.to_vec()].concat()
}

/// A field that goes into no table.
pub(super) fn field(name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Vec<u8> {
    [vec![0], string(name.as_ref()), string(value.as_ref())].concat()
}

/// A field that goes into the table.
pub(super) fn remembered(name: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
    [vec![0x40], string(name.as_bytes()), string(value.as_ref())].concat()
}

/// A field of a table, by its place.
pub(super) fn indexed(place: usize) -> Vec<u8> {
    integer(0x80, 7, place)
}

/// Fields in that order.
pub(super) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| field(name, value)).collect()
}

/// `GET /healthz`, as anybody asks it.
pub(super) fn health() -> Vec<u8> {
    block(&[(":method", "GET"), (":scheme", "http"), (":path", "/healthz"), (":authority", "davy")])
}

/// A gRPC call of a viewer's.
pub(super) fn call(path: &str) -> Vec<u8> {
    let start = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "davy")];
    let bearer = format!("Bearer {VIEWER}");
    let rest = [("content-type", "application/grpc"), ("te", "trailers"), ("authorization", bearer.as_str())];
    block(&[&start[..], &rest].concat())
}
