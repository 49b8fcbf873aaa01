//! Good bytes gone bad: flips, cuts, splices, lies about lengths, numbers at the edge.

use super::{Dice, Target, pool::Pool};

/// Numbers that parsers stumble over.
const FIGURES: &[&str] = &[
    "0",
    "-0",
    "1",
    "-1",
    "127",
    "128",
    "255",
    "256",
    "32767",
    "32768",
    "65535",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "1e308",
    "1e309",
    "-1e309",
    "5e-324",
    "1e-400",
    "0.1",
    "00",
    "1.",
    ".5",
    "NaN",
    "Infinity",
    "-Infinity",
    "1795420800",
    "1795420800000",
    "1795420800000000",
    "99999999999999999999999999999999999999999999999999999999999999999999999999999999",
];

/// What every text format may meet.
const TEXTS: &[&str] = &[
    "\0", "\n", "\r\n", "\t", " ", "\"", "'", "\\", "/", "\u{feff}", "\u{7f}", "\u{85}", "\u{2028}", "气体",
    "é", "𐍈", "\u{202e}", "e\u{301}", "%", "#", "+", "*", "$", "..", "../",
];

/// Bytes at the edge.
const BYTES: &[u8] = &[0, 1, 0x7f, 0x80, 0xff, 0xfe, 0xc0, 0xed, 0xf4, 0x20, 0x40];

/// The next input: by the target's grammar, or from good ones by a few changes.
pub(super) fn next(target: &Target, pool: &Pool, dice: &mut Dice) -> Vec<u8> {
    let made = target.make.filter(|_| dice.once_in(4)).map(|make| make(dice));
    let fresh = made.is_some();
    let mut bytes = made.unwrap_or_else(|| pool.any(dice).to_vec());
    // What a grammar made goes in unchanged now and then.
    if !(fresh && dice.once_in(3)) {
        let most = 1 << dice.below(4);
        for _ in 0..=dice.below(most) {
            change(&mut bytes, target.words, pool, dice);
        }
    }
    bytes.truncate(target.len_max);
    if let Some(mend) = target.mend.filter(|_| !dice.once_in(3)) {
        mend(&mut bytes);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, words: &[&str], pool: &Pool, dice: &mut Dice) {
    if bytes.is_empty() {
        bytes.extend_from_slice(word(words, dice).as_bytes());
        return;
    }
    let at = dice.below(bytes.len());
    match dice.below(14) {
        0 => bytes[at] ^= 1 << dice.below(8),
        1 => bytes[at] = dice.byte(),
        2 => bytes[at] = *dice.one_of(BYTES),
        3 => bytes.insert(at, dice.byte()),
        4 => drop(bytes.drain(range(at, bytes.len(), dice))),
        5 => insert(bytes, at, word(words, dice).as_bytes()),
        6 => replace(bytes, range(at, bytes.len(), dice), word(words, dice).as_bytes()),
        7 => repeat(bytes, at, dice),
        8 => number(bytes, at, dice),
        9 => length(bytes, at, dice),
        10 => bytes.truncate(at + 1),
        11 => splice(bytes, at, pool.any(dice), dice),
        12 => {
            let other = pool.any(dice);
            let piece = range(dice.below(other.len().max(1)), other.len(), dice);
            insert(bytes, at, &other[piece]);
        }
        _ => {
            let (from, to) = (range(at, bytes.len(), dice), dice.below(bytes.len()));
            let piece = bytes[from].to_vec();
            insert(bytes, to, &piece);
        }
    }
}

fn word<'a>(words: &'a [&'a str], dice: &mut Dice) -> &'a str {
    match dice.below(8) {
        0 => dice.word(TEXTS),
        1 => dice.word(FIGURES),
        _ if words.is_empty() => dice.word(TEXTS),
        _ => dice.word(words),
    }
}

/// A piece from `at` on: mostly a short one.
fn range(at: usize, len: usize, dice: &mut Dice) -> std::ops::Range<usize> {
    let most = if dice.once_in(4) { len } else { 16 };
    let start = at.min(len);
    start..len.min(start + 1 + dice.below(most.max(1)))
}

fn insert(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    replace(bytes, at..at, piece);
}

fn replace(bytes: &mut Vec<u8>, range: std::ops::Range<usize>, piece: &[u8]) {
    drop(bytes.splice(range, piece.iter().copied()));
}

/// A piece again and again: depth, many of a kind, a name twice.
fn repeat(bytes: &mut Vec<u8>, at: usize, dice: &mut Dice) {
    let piece = bytes[range(at, bytes.len(), dice)].to_vec();
    let most = if dice.once_in(4) { 200 } else { 4 };
    let times = 1 + dice.below(most);
    insert(bytes, at, &piece.repeat(times));
}

/// Another number where the text has one.
fn number(bytes: &mut Vec<u8>, at: usize, dice: &mut Dice) {
    let is_part = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E');
    let Some(from) = bytes[at..].iter().position(u8::is_ascii_digit).map(|found| at + found) else { return };
    let len = bytes[from..].iter().take_while(|byte| is_part(byte)).count();
    replace(bytes, from..from + len, dice.word(FIGURES).as_bytes());
}

/// A number of one, two, four or eight bytes, or a varint of as many bytes as it can have.
fn length(bytes: &mut Vec<u8>, at: usize, dice: &mut Dice) {
    let number = match dice.below(4) {
        0 => dice.below(300) as u64,
        1 => 1 << dice.below(64),
        2 => (1u64 << dice.below(64)).wrapping_sub(1),
        _ => dice.number(),
    };
    let wide = [2, 4, 8][dice.below(3)];
    let piece = match dice.below(3) {
        0 => number.to_le_bytes()[..wide].to_vec(),
        1 => number.to_be_bytes()[8 - wide..].to_vec(),
        _ => varint(number),
    };
    let end = (at + piece.len()).min(bytes.len());
    replace(bytes, at..end, &piece);
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// The beginning of one input and the end of another.
fn splice(bytes: &mut Vec<u8>, at: usize, other: &[u8], dice: &mut Dice) {
    bytes.truncate(at);
    if !other.is_empty() {
        bytes.extend_from_slice(&other[dice.below(other.len())..]);
    }
}
