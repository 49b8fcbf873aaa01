//! The class of a major hazard source.

use std::fmt;

use super::reaches;

/// The class, by R: GB 18218-2018, 4.3.3, table 6. A graver class is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// R below 10 (四级).
    Four,
    /// R from 10 (三级).
    Three,
    /// R from 50 (二级).
    Two,
    /// R from 100 (一级), the gravest.
    One,
}

impl Class {
    /// All classes, the gravest first.
    pub const ALL: [Class; 4] = [Class::One, Class::Two, Class::Three, Class::Four];

    /// The class of a major hazard source with that R.
    pub fn of(r: f64) -> Class {
        Class::ALL.into_iter().find(|class| reaches(r, class.begins())).unwrap_or(Class::Four)
    }

    /// The least R of the class.
    pub const fn begins(self) -> f64 {
        match self {
            Class::One => 100.0,
            Class::Two => 50.0,
            Class::Three => 10.0,
            Class::Four => 0.0,
        }
    }

    /// 1, the gravest, to 4.
    pub const fn number(self) -> u8 {
        match self {
            Class::One => 1,
            Class::Two => 2,
            Class::Three => 3,
            Class::Four => 4,
        }
    }

    /// The next graver class; none above the gravest.
    pub const fn graver(self) -> Option<Class> {
        match self {
            Class::One => None,
            Class::Two => Some(Class::One),
            Class::Three => Some(Class::Two),
            Class::Four => Some(Class::Three),
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "class {}", self.number())
    }
}
