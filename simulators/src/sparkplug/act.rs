//! What an edge node can be told to do.

use std::str::FromStr;
use std::time::Duration;

/// What an edge node can be told to do, as a test says it or as a person types it. Metrics are named `[DEVICE/]NAME`.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// `set METRIC VALUE`: it measures that from now on, and says so if it is news.
    Set {
        /// Which.
        metric: String,
        /// Finite.
        value: f64,
    },
    /// `null METRIC`: it has no value.
    Null {
        /// Which.
        metric: String,
    },
    /// `history METRIC SPAN VALUE...`: values measured while they could not be said, one a second, the last of them that
    /// long ago.
    History {
        /// Which.
        metric: String,
        /// How long ago the last one was measured.
        ago: Duration,
        /// The values, oldest first.
        values: Vec<f64>,
    },
    /// `ddeath DEVICE`: the device is gone.
    DeviceDeath(String),
    /// `dbirth DEVICE`: the device is there, again.
    DeviceBirth(String),
    /// `births`: all births again, unasked.
    Births,
    /// `gap`: the next message has a number too many, as if one had been lost.
    Gap,
    /// `swap`: the next two messages change places on the way.
    Swap,
    /// `old-death`: the NDEATH of the session before, as a broker sends it that notices late.
    OldDeath,
    /// `cut`: the connection is gone without a word; the broker sends the will.
    Cut,
    /// `restore`: connects again after a cut.
    Restore,
}

/// The words that [`Act`] is read from, a line each.
pub const ACTS: &str = "\
set METRIC VALUE               it measures that from now on
null METRIC                    it has no value
history METRIC SPAN VALUE...   values kept while away, one a second, the last SPAN ago
ddeath DEVICE, dbirth DEVICE   a device is gone; is there again
births                         all births again
gap                            a number is left out, as if a message had been lost
swap                           the next two messages change places on the way
old-death                      the NDEATH of the session before
cut, restore                   gone without a word; there again";

impl FromStr for Act {
    type Err = String;

    fn from_str(line: &str) -> Result<Act, String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        read(&words).ok_or_else(|| format!("{line:?}: expected one of\n{ACTS}"))
    }
}

fn read(words: &[&str]) -> Option<Act> {
    let number = |text: &&str| text.parse().ok().filter(|value: &f64| value.is_finite());
    match words {
        ["set", metric, value] => Some(Act::Set { metric: (*metric).to_owned(), value: number(value)? }),
        ["null", metric] => Some(Act::Null { metric: (*metric).to_owned() }),
        ["history", metric, ago, first, more @ ..] => {
            let ago: jiff::SignedDuration = ago.parse().ok()?;
            let values = [first].into_iter().chain(more).map(number).collect::<Option<Vec<f64>>>()?;
            Some(Act::History { metric: (*metric).to_owned(), ago: ago.try_into().ok()?, values })
        }
        ["ddeath", device] => Some(Act::DeviceDeath((*device).to_owned())),
        ["dbirth", device] => Some(Act::DeviceBirth((*device).to_owned())),
        ["births"] => Some(Act::Births),
        ["gap"] => Some(Act::Gap),
        ["swap"] => Some(Act::Swap),
        ["old-death"] => Some(Act::OldDeath),
        ["cut"] => Some(Act::Cut),
        ["restore"] => Some(Act::Restore),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_types_is_understood_and_what_is_not_is_told() {
        let metric = || "gas-01/ch4".to_owned();
        for (line, want) in [
            ("set gas-01/ch4 60", Act::Set { metric: metric(), value: 60.0 }),
            ("  null gas-01/ch4 ", Act::Null { metric: metric() }),
            (
                "history gas-01/ch4 1m 70 80.5",
                Act::History { metric: metric(), ago: Duration::from_secs(60), values: vec![70.0, 80.5] },
            ),
            ("ddeath gas-01", Act::DeviceDeath("gas-01".to_owned())),
            ("dbirth gas-01", Act::DeviceBirth("gas-01".to_owned())),
            ("births", Act::Births),
            ("gap", Act::Gap),
            ("swap", Act::Swap),
            ("old-death", Act::OldDeath),
            ("cut", Act::Cut),
            ("restore", Act::Restore),
        ] {
            assert_eq!(line.parse::<Act>(), Ok(want), "{line}");
        }
        for line in
            ["", "set", "set x", "set x high", "set x NaN", "history x", "history x -5s 1", "gap 3", "Cut"]
        {
            let told = line.parse::<Act>().expect_err(line);
            assert!(told.contains("set METRIC VALUE"), "{line}: {told}");
        }
    }
}
