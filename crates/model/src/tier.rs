//! How grave an alarm is.

use std::fmt;

/// How grave, who is told, how fast: blue < yellow < orange < red (蓝黄橙红).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// 蓝: watch it.
    Blue,
    /// 黄: act within the shift.
    Yellow,
    /// 橙: act now.
    Orange,
    /// 红: act now, and tell everyone who must act too.
    Red,
}

impl Tier {
    /// All tiers, the least grave first.
    pub const ALL: [Tier; 4] = [Tier::Blue, Tier::Yellow, Tier::Orange, Tier::Red];

    /// The word used in files, on the wire and on the terminal.
    pub const fn word(self) -> &'static str {
        match self {
            Tier::Blue => "blue",
            Tier::Yellow => "yellow",
            Tier::Orange => "orange",
            Tier::Red => "red",
        }
    }

    /// The Chinese word.
    pub const fn word_zh(self) -> &'static str {
        match self {
            Tier::Blue => "蓝",
            Tier::Yellow => "黄",
            Tier::Orange => "橙",
            Tier::Red => "红",
        }
    }

    /// The tier that `word` names, if it names one.
    pub fn from_word(word: &str) -> Option<Tier> {
        Tier::ALL.into_iter().find(|tier| tier.word() == word)
    }

    /// 0 for blue to 3 for red, for encodings.
    pub const fn code(self) -> u8 {
        match self {
            Tier::Blue => 0,
            Tier::Yellow => 1,
            Tier::Orange => 2,
            Tier::Red => 3,
        }
    }

    /// The tier with that code.
    pub fn from_code(code: u8) -> Option<Tier> {
        Tier::ALL.get(usize::from(code)).copied()
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
