//! The notation of a series: `2x30 14x5 3+0.2x60 _x10 20!badx3`, one reading or gap after another, one interval apart.

use davy_model::{Quality, QualityReason};
use davy_rules::reader::leading_number;

/// Readings of all series of a file at most.
pub(crate) const STEPS_MAX: usize = 1_000_000;
/// What a series looks like, for people.
pub(crate) const FORM: &str =
    "values such as 2, 2x30, 3+0.2x60, _x10, 20!badx3 or -!sensor_failure, with blanks between";

/// What comes at one step of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// Nothing.
    Gap,
    /// A reading, with or without a value.
    Sent(Option<f64>, Quality),
}

/// A part of a series that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// As it stands there.
    pub(crate) found: String,
    /// What may stand there.
    pub(crate) expected: &'static str,
}

/// Reads a whole series.
pub(crate) fn parse(text: &str) -> Result<Vec<Step>, Vec<Mistake>> {
    let mut steps = Vec::new();
    let mut mistakes = Vec::new();
    for token in text.split_whitespace() {
        match run_of(token) {
            Ok((run, count)) if steps.len() + count <= STEPS_MAX => {
                steps.extend((0..count).map(|place| run.at(place)));
            }
            Ok(_) => mistakes.push(Mistake::new(token, "a million readings at most")),
            Err(expected) => mistakes.push(Mistake::new(token, expected)),
        }
    }
    if steps.is_empty() && mistakes.is_empty() {
        mistakes.push(Mistake::new(text, FORM));
    }
    if mistakes.is_empty() { Ok(steps) } else { Err(mistakes) }
}

/// What is repeated.
enum Run {
    Gap,
    Nothing(Quality),
    Values(Ramp, Quality),
}

/// Values that grow by the same amount, as they would be reckoned by hand: `1-0.1x8` ends at 0.3, not beside it.
#[derive(Clone, Copy)]
struct Ramp {
    from: f64,
    by: f64,
    /// What makes whole numbers of both; 1 when nothing does.
    scale: f64,
}

impl Run {
    fn at(&self, place: usize) -> Step {
        match self {
            Run::Gap => Step::Gap,
            Run::Nothing(quality) => Step::Sent(None, *quality),
            Run::Values(ramp, quality) => Step::Sent(Some(ramp.at(place)), *quality),
        }
    }
}

impl Ramp {
    fn at(self, place: usize) -> f64 {
        let grown = self.by * place as f64;
        if grown == 0.0 { self.from / self.scale } else { (self.from + grown) / self.scale }
    }

    fn read(text: &str) -> Result<Ramp, &'static str> {
        let (from, rest) = leading_number(text).ok_or(FORM)?;
        let (by, end) = match rest {
            "" => (0.0, ""),
            rest if rest.starts_with(['+', '-']) => leading_number(rest).ok_or(FORM)?,
            _ => return Err(FORM),
        };
        if !end.is_empty() {
            return Err(FORM);
        }
        let decimals = decimals(&text[..text.len() - rest.len()]).max(decimals(rest));
        let scale =
            if text.contains(['e', 'E']) || decimals > 15 { 1.0 } else { 10f64.powi(decimals as i32) };
        let whole = |number: f64| if scale == 1.0 { number } else { (number * scale).round() };
        let exact = whole(from).abs() < 9e15 && whole(by).abs() < 9e15;
        Ok(match exact {
            true => Ramp { from: whole(from), by: whole(by), scale },
            false => Ramp { from, by, scale: 1.0 },
        })
    }
}

fn decimals(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, decimals)| decimals.len())
}

fn run_of(token: &str) -> Result<(Run, usize), &'static str> {
    let (body, count) = match token.rsplit_once('x') {
        Some((body, count)) if !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit()) => {
            let count = count.parse().ok().filter(|count| (1..=STEPS_MAX).contains(count));
            (body, Some(count.ok_or("after x, how many: 1 to a million")?))
        }
        _ => (token, None),
    };
    if body == "_" {
        return Ok((Run::Gap, count.unwrap_or(1)));
    }
    let (value, quality) = match body.split_once('!') {
        None => (body, Quality::Good),
        Some((value, word)) => {
            let quality = Quality::from_word(word)
                .ok_or("after !, a quality such as bad, calibration or uncertain:manual")?;
            (value, quality)
        }
    };
    if value == "-" {
        // A reading without a value is no evidence, whatever else was said of it.
        let bad = if quality.is_evidence() { Quality::Bad(QualityReason::Unspecified) } else { quality };
        return Ok((Run::Nothing(bad), count.unwrap_or(1)));
    }
    let ramp = Ramp::read(value)?;
    if ramp.by != 0.0 && count.is_none() {
        return Err("x and how many readings after a ramp: 3+0.2x60");
    }
    Ok((Run::Values(ramp, quality), count.unwrap_or(1)))
}

impl Mistake {
    fn new(found: &str, expected: &'static str) -> Mistake {
        Mistake { found: found.to_owned(), expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let show = |step: &Step| match step {
            Step::Gap => "_".to_owned(),
            Step::Sent(value, Quality::Good) => value.expect("a good reading has a value").to_string(),
            Step::Sent(value, quality) => {
                format!("{}!{quality}", value.map_or_else(|| "-".to_owned(), |value| value.to_string()))
            }
        };
        match parse(text) {
            Ok(steps) => steps.iter().map(show).collect::<Vec<_>>().join(" "),
            Err(mistakes) => mistakes.iter().map(|mistake| format!("?{}", mistake.found)).collect(),
        }
    }

    #[test]
    fn every_count_is_a_count_of_readings() {
        for (text, want) in [
            ("2", "2"),
            ("2x3 14", "2 2 2 14"),
            ("3+0.2x4", "3 3.2 3.4 3.6"),
            ("1-0.1x8", "1 0.9 0.8 0.7 0.6 0.5 0.4 0.3"),
            ("-0.5-0.25x3", "-0.5 -0.75 -1"),
            ("1e3+1e2x2", "1000 1100"),
            ("_ _x2 5", "_ _ _ 5"),
            ("20!badx2", "20!bad:unspecified 20!bad:unspecified"),
            ("7!calibration 8!uncertain:over_range", "7!bad:calibration 8!uncertain:over_range"),
            ("3+1!manualx2", "3!uncertain:manual 4!uncertain:manual"),
            ("- -!sensor_failurex2", "-!bad:unspecified -!bad:sensor_failure -!bad:sensor_failure"),
            ("  1\n  2 ", "1 2"),
            ("0.1x1", "0.1"),
            ("1e-7", "0.0000001"),
            ("7+0x2", "7 7"),
        ] {
            assert_eq!(shown(text), want, "{text}");
        }
    }

    #[test]
    fn every_part_that_cannot_be_read_is_told() {
        for (text, want) in [
            ("2x 3", "?2x"),
            ("2x0", "?2x0"),
            ("2x1000001", "?2x1000001"),
            ("2x600000 2x600000", "?2x600000"),
            ("3+0.2", "?3+0.2"),
            ("high 2 2!worse", "?high?2!worse"),
            ("2!", "?2!"),
            ("_!bad", "?_!bad"),
            ("1+2+3x4", "?1+2+3x4"),
            ("nan infx2", "?nan?infx2"),
            ("x5", "?x5"),
            ("", "?"),
        ] {
            assert_eq!(shown(text), want, "{text}");
        }
    }
}
