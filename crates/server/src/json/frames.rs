//! gRPC's frames: a byte that says whether it is compressed, four of length, the message.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tonic::Status;

use super::broken;

const HEAD_LEN: usize = 5;

/// A message as a frame.
pub(super) fn frame(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::with_capacity(HEAD_LEN + message.len());
    frame.put_u8(0);
    // Davy's own requests are at most 1 MiB.
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    frame.freeze()
}

/// Takes frames out of what comes in pieces.
#[derive(Default)]
pub(super) struct Frames {
    held: BytesMut,
}

impl Frames {
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.held.extend_from_slice(piece);
    }

    /// The next message that is whole.
    pub(super) fn next_frame(&mut self) -> Result<Option<Bytes>, Status> {
        let Some(head) = self.held.first_chunk::<HEAD_LEN>() else { return Ok(None) };
        let [compressed, a, b, c, d] = *head;
        if compressed != 0 {
            // It was not asked for.
            return Err(broken());
        }
        let len = u32::from_be_bytes([a, b, c, d]) as usize;
        if self.held.len() < HEAD_LEN + len {
            return Ok(None);
        }
        self.held.advance(HEAD_LEN);
        Ok(Some(self.held.split_to(len).freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_whole_however_they_were_cut() {
        let whole = [frame(b"one"), frame(b""), frame(&[7; 300])].concat();
        for cut in 0..whole.len() {
            let mut frames = Frames::default();
            let mut found = Vec::new();
            for piece in [&whole[..cut], &whole[cut..]] {
                frames.push(piece);
                while let Some(message) = frames.next_frame().expect("not compressed") {
                    found.push(message.len());
                }
            }
            assert_eq!(found, [3, 0, 300], "cut at {cut}");
        }
        let mut compressed = Frames::default();
        compressed.push(&[1, 0, 0, 0, 0]);
        assert!(compressed.next_frame().is_err());
    }
}
