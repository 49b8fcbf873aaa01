//! The checksum of HJ 212.

/// The checksum of a data segment: HJ 212-2017, appendix A. It is not CRC-16/Modbus, though it shares its polynomial: each byte
/// is laid over the register's upper half, moved down.
pub fn crc16(segment: &[u8]) -> u16 {
    // The upper half is moved down, and nothing comes in its place: a byte at a time, all of the register is looked up.
    segment.iter().fold(0xFFFF, |register, byte| TABLE[usize::from((register >> 8) as u8 ^ byte)])
}

/// What eight steps make of each byte.
const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < table.len() {
        let mut register = byte as u16;
        let mut step = 0;
        while step < 8 {
            register = (register >> 1) ^ ((register & 1) * 0xA001);
            step += 1;
        }
        table[byte] = register;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frames_printed_in_the_standard_have_their_checksum() {
        for (segment, crc) in [
            // HJ 212-2017
            (
                "QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&",
                0x1C80,
            ),
            // HJ 212-2025, A.1
            (
                "QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&",
                0x2200,
            ),
        ] {
            assert_eq!(crc16(segment.as_bytes()), crc, "{segment}");
        }
        assert_eq!(crc16(b""), 0xFFFF);
    }
}
