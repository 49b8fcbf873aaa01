//! The lines of a file from its end to its beginning, with a piece of it in memory.

use std::path::Path;

use super::line::LINE_LEN_MAX;
use crate::{
    disk::{Disk, DiskFile, Mode},
    error::Result,
};

/// Read at a time, bytes.
const PIECE_LEN: u64 = 64 << 10;

#[derive(Debug)]
pub(super) struct Backwards {
    file: Box<dyn DiskFile>,
    /// Where the piece begins in the file.
    offset: u64,
    piece: Vec<u8>,
    /// What of the piece is not given yet.
    left: usize,
    over: bool,
}

impl Backwards {
    /// What stands after the last line end is no line.
    pub(super) fn open(disk: &dyn Disk, path: &Path) -> Result<Backwards> {
        let (offset, file) = (disk.len(path)?, disk.open(path, Mode::Read)?);
        let mut lines = Backwards { file, offset, piece: Vec::new(), left: 0, over: offset == 0 };
        lines.next()?;
        Ok(lines)
    }

    /// The line before, without its end. One that is too long for an entry is cut.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>> {
        if self.over {
            return Ok(None);
        }
        let begin = loop {
            if let Some(end) = self.piece[..self.left].iter().rposition(|byte| *byte == b'\n') {
                break end + 1;
            }
            if self.offset == 0 {
                self.over = true;
                break 0;
            }
            self.read_before()?;
        };
        let line = begin..std::mem::replace(&mut self.left, begin.saturating_sub(1));
        Ok(Some(&self.piece[line]))
    }

    /// Puts what stands in the file before the piece in front of what is left of it.
    fn read_before(&mut self) -> Result<()> {
        let len = self.offset.min(PIECE_LEN);
        self.offset -= len;
        let mut piece = vec![0; len as usize];
        self.file.read_exact_at(&mut piece, self.offset)?;
        piece.extend_from_slice(&self.piece[..self.left.min(LINE_LEN_MAX + 1)]);
        (self.left, self.piece) = (piece.len(), piece);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::disk::OwnDisk;

    fn backwards(text: &[u8]) -> Vec<Vec<u8>> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lines");
        fs::write(&path, text).expect("written");
        let mut lines = Backwards::open(&OwnDisk, &path).expect("opened");
        let mut given = Vec::new();
        while let Some(line) = lines.next().expect("read") {
            given.push(line.to_vec());
        }
        given
    }

    #[test]
    fn whole_lines_come_the_last_first() {
        let of = |text: &str| backwards(text.as_bytes());
        assert_eq!(of(""), Vec::<Vec<u8>>::new());
        assert_eq!(of("torn"), Vec::<Vec<u8>>::new());
        assert_eq!(of("a\n"), [b"a"]);
        assert_eq!(of("a\nbc\n\nd\ntorn"), [&b"d"[..], b"", b"bc", b"a"]);
    }

    #[test]
    fn lines_longer_and_shorter_than_a_piece_are_whole() {
        let lens = [1, PIECE_LEN as usize - 1, 3, PIECE_LEN as usize, 70_000, 200_000, 0, 5, LINE_LEN_MAX];
        let lines: Vec<Vec<u8>> =
            lens.iter().enumerate().map(|(n, len)| vec![b'a' + n as u8; *len]).collect();
        let text: Vec<u8> = lines.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect();
        assert!(backwards(&text).iter().eq(lines.iter().rev()));
    }

    #[test]
    fn a_line_without_an_end_in_sight_takes_no_more_memory_than_one() {
        let text = [b"a\n", &vec![b'x'; 2 << 20][..], b"\nb\n"].concat();
        let given = backwards(&text);
        assert_eq!((&given[0][..], &given[2][..]), (&b"b"[..], &b"a"[..]));
        assert!((LINE_LEN_MAX + 1..LINE_LEN_MAX + 2 + PIECE_LEN as usize).contains(&given[1].len()));
    }
}
