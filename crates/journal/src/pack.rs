//! Compression. Kept out of the hash chain: another release of the compressor may make other bytes of the same record.

use std::fmt;

use zstd::{
    bulk::{Compressor, Decompressor},
    zstd_safe::get_frame_content_size,
};

use crate::error::Result;

/// The fastest level that still halves readings.
const LEVEL: i32 = 1;

/// The largest record that is unpacked; a larger claim is damage, not memory. SQLite holds no larger value either.
const UNPACKED_MAX: u64 = 1_000_000_000;

/// Compresses, keeping its tables between calls.
pub(crate) struct Packer(Compressor<'static>);

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Packer")
    }
}

impl Packer {
    pub(crate) fn new() -> Result<Packer> {
        let mut compressor = Compressor::new(LEVEL)?;
        // So that a look-up, which does not follow the chain, still sees a flipped bit.
        compressor.include_checksum(true)?;
        Ok(Packer(compressor))
    }

    /// Packed bytes; of nothing, nothing.
    pub(crate) fn pack(&mut self, bytes: &[u8]) -> Result<Vec<u8>> {
        if bytes.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.0.compress(bytes)?)
    }
}

/// The bytes that were packed, or what is wrong with them.
pub(crate) fn unpack(packed: &[u8]) -> std::result::Result<Vec<u8>, String> {
    if packed.is_empty() {
        return Ok(Vec::new());
    }
    let len = match get_frame_content_size(packed) {
        Ok(Some(len)) if len <= UNPACKED_MAX => len as usize,
        Ok(_) | Err(_) => return Err("compressed bytes without a sane length".to_owned()),
    };
    let mut unpacker = Decompressor::new().map_err(|error| error.to_string())?;
    unpacker.decompress(packed, len).map_err(|error| format!("compressed bytes do not unpack: {error}"))
}
