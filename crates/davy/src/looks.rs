//! How tiers look on a terminal: a shape, a word and a colour, so that colour is never the only code.

use std::{
    env,
    io::{self, IsTerminal},
};

use crossterm::style::{Color, Stylize};
use davy_model::Tier;

/// Whether a stream takes colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    /// It is a terminal, and nobody asked for plain text.
    On,
    /// Plain text.
    Off,
}

impl Colour {
    /// Of standard output.
    pub(crate) fn of_stdout() -> Colour {
        Colour::decide(io::stdout().is_terminal(), env::var("NO_COLOR").ok(), env::var("TERM").ok())
    }

    fn decide(is_terminal: bool, no_color: Option<String>, term: Option<String>) -> Colour {
        // no-color.org: any value but an empty one.
        let unwanted = no_color.is_some_and(|value| !value.is_empty());
        let dumb = term.is_some_and(|term| term == "dumb");
        if is_terminal && !unwanted && !dumb { Colour::On } else { Colour::Off }
    }
}

/// Shape and word, nine columns wide: `■ red    `.
pub(crate) fn chip(tier: Option<Tier>) -> String {
    match tier {
        Some(tier) => format!("{} {:<7}", shape(tier), tier.word()),
        None => format!("{:<9}", "-"),
    }
}

/// The chip, in its colours where the stream takes them.
pub(crate) fn painted_chip(tier: Option<Tier>, colour: Colour) -> String {
    match (colour, tier) {
        (Colour::On, Some(tier)) => {
            chip(Some(tier)).with(Color::AnsiValue(ink(tier))).on(Color::AnsiValue(fill(tier))).to_string()
        }
        (Colour::On | Colour::Off, _) => chip(tier),
    }
}

/// The shape that stands for the tier without any colour.
pub(crate) const fn shape(tier: Tier) -> char {
    match tier {
        Tier::Blue => '●',
        Tier::Yellow => '▼',
        Tier::Orange => '▲',
        Tier::Red => '■',
    }
}

/// Of the chip's ground. From the 256-colour cube: the sixteen basic ones look different on every terminal.
pub(crate) const fn fill(tier: Tier) -> u8 {
    match tier {
        Tier::Blue => 26,
        Tier::Yellow => 220,
        Tier::Orange => 208,
        Tier::Red => 124,
    }
}

/// Of the chip's text: readable on its ground.
pub(crate) const fn ink(tier: Tier) -> u8 {
    match tier {
        Tier::Blue | Tier::Red => 231,
        Tier::Yellow | Tier::Orange => 16,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_needs_a_terminal_and_nobody_who_minds() {
        let set = |value: &str| Some(value.to_owned());
        assert_eq!(Colour::decide(true, None, set("xterm")), Colour::On);
        assert_eq!(Colour::decide(true, set(""), None), Colour::On);
        assert_eq!(Colour::decide(true, set("1"), None), Colour::Off);
        assert_eq!(Colour::decide(true, None, set("dumb")), Colour::Off);
        assert_eq!(Colour::decide(false, None, set("xterm")), Colour::Off);
    }

    #[test]
    fn every_tier_is_told_apart_without_colour() {
        let chips: Vec<String> =
            Tier::ALL.into_iter().map(|tier| painted_chip(Some(tier), Colour::Off)).collect();
        assert_eq!(chips, ["● blue   ", "▼ yellow ", "▲ orange ", "■ red    "]);
        let mut shapes: Vec<char> = Tier::ALL.into_iter().map(shape).collect();
        shapes.dedup();
        assert_eq!(shapes.len(), 4);
    }
}
