//! Numbers by column, as few bytes: what packs are made of.
//!
//! A pack is its form (1 plain, 2 compressed), the columns' length (four bytes, little endian), then the columns. Numbers are
//! varints, those that may be negative zigzag. A column of values begins with how they are written: as decimals of so many places,
//! as steps of whole numbers (0 for none, else the step and one); as decimals that are off by some units in the last place, the
//! same with how many after each step; or as their eight bytes, each XORed with the one before, the highest bytes of all first.

use davy_model::Value;

use super::value::of_value;

const PLAIN: u8 = 1;
const COMPRESSED: u8 = 2;
const EFFORT: i32 = 6;
/// Most places of decimals.
const PLACES_MAX: u8 = 6;
/// Added to the places: each value is off by some units in its last place.
const NEAR: u8 = 100;
/// By how many at most.
const OFF_MAX: i64 = 4096;
/// In place of a number of places: values are bits.
const BITS: u8 = 255;

/// Columns as a pack.
pub(super) fn close(columns: &[u8]) -> std::io::Result<Vec<u8>> {
    let compressed = zstd::bulk::compress(columns, EFFORT)?;
    let (form, body) =
        if compressed.len() < columns.len() { (COMPRESSED, compressed.as_slice()) } else { (PLAIN, columns) };
    let mut packed = vec![form];
    packed.extend_from_slice(&(columns.len() as u32).to_le_bytes());
    packed.extend_from_slice(body);
    Ok(packed)
}

/// The columns of a pack, if it is one and they are no longer than that.
pub(super) fn open(packed: &[u8], len_max: usize) -> Option<Vec<u8>> {
    let (form, rest) = packed.split_first()?;
    let (len, body) = rest.split_first_chunk::<4>()?;
    let len = u32::from_le_bytes(*len) as usize;
    let columns = match *form {
        PLAIN => body.to_vec(),
        COMPRESSED if len <= len_max => zstd::bulk::decompress(body, len).ok()?,
        _ => return None,
    };
    (columns.len() == len).then_some(columns)
}

/// The value as a whole number of 10^-places, if it is exactly that.
fn whole(value: f64, places: u8) -> Option<i64> {
    let scale = 10f64.powi(i32::from(places));
    let scaled = (value * scale).round();
    let exact = scaled.abs() < 9e15 && (scaled / scale).to_bits() == value.to_bits();
    exact.then_some(scaled as i64)
}

/// The nearest decimal as a whole number of 10^-places, and by how many units in the last place the value is greater.
fn near(value: f64, places: u8) -> Option<(i64, i64)> {
    let scale = 10f64.powi(i32::from(places));
    let scaled = (value * scale).round();
    let decimal = scaled / scale;
    let off = value.to_bits().wrapping_sub(decimal.to_bits()) as i64;
    (scaled.abs() < 9e15 && off.abs() <= OFF_MAX).then_some((scaled as i64, off))
}

pub(super) fn put_values(out: &mut Vec<u8>, values: &[Value]) {
    let all = |fits: &dyn Fn(f64) -> bool| values.iter().filter_map(|value| value.get()).all(fits);
    if let Some(places) = (0..=PLACES_MAX).find(|places| all(&|value| whole(value, *places).is_some())) {
        out.push(places);
        return put_steps(out, values, |value| whole(value, places).map(|number| (number, None)));
    }
    if let Some(places) = (0..=PLACES_MAX).find(|places| all(&|value| near(value, *places).is_some())) {
        out.push(NEAR + places);
        return put_steps(out, values, |value| near(value, places).map(|(number, off)| (number, Some(off))));
    }
    out.push(BITS);
    put_bits(out, values);
}

fn put_steps(out: &mut Vec<u8>, values: &[Value], of: impl Fn(f64) -> Option<(i64, Option<i64>)>) {
    let mut before = 0;
    for value in values {
        match value.get().and_then(&of) {
            None => put(out, 0),
            Some((number, off)) => {
                put(out, zigzag(number - before) + 1);
                before = number;
                if let Some(off) = off {
                    put(out, zigzag(off));
                }
            }
        }
    }
}

fn put_bits(out: &mut Vec<u8>, values: &[Value]) {
    let mut before = 0;
    let mut words = Vec::with_capacity(values.len());
    for value in values {
        let bits = of_value(*value).to_bits();
        words.push((bits ^ before).to_be_bytes());
        before = bits;
    }
    for place in 0..8 {
        out.extend(words.iter().map(|word| word[place]));
    }
}

pub(super) fn take_values(rest: &mut &[u8], count: usize) -> Option<Vec<Value>> {
    let (form, after) = rest.split_first()?;
    *rest = after;
    match *form {
        BITS => take_bits(rest, count),
        places @ 0..=PLACES_MAX => take_steps(rest, count, places, false),
        form => {
            let places = form.checked_sub(NEAR).filter(|places| *places <= PLACES_MAX)?;
            take_steps(rest, count, places, true)
        }
    }
}

fn take_steps(rest: &mut &[u8], count: usize, places: u8, is_near: bool) -> Option<Vec<Value>> {
    let scale = 10f64.powi(i32::from(places));
    let mut before = 0i64;
    let value = |_| {
        let Some(step) = take(rest)?.checked_sub(1) else { return Some(Value::NONE) };
        before = before.checked_add(unzigzag(step))?;
        let decimal = before as f64 / scale;
        if !is_near {
            return Some(Value::of(decimal));
        }
        let off = unzigzag(take(rest)?) as u64;
        Some(Value::from_bits(decimal.to_bits().wrapping_add(off)))
    };
    (0..count).map(value).collect()
}

fn take_bits(rest: &mut &[u8], count: usize) -> Option<Vec<Value>> {
    let (bytes, after) = rest.split_at_checked(count.checked_mul(8)?)?;
    *rest = after;
    let mut before = 0;
    let value = |number: usize| {
        let word: [u8; 8] = std::array::from_fn(|place| bytes[place * count + number]);
        before ^= u64::from_be_bytes(word);
        Value::from_bits(before)
    };
    Some((0..count).map(value).collect())
}

pub(super) fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

pub(super) fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

pub(super) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(super) fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..10 {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f).checked_shl(7 * place)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
