//! What readers of files that stand beside a site's are made of: tests, policies, lists of events. They tell what is wrong
//! in the same words, with the same places.

pub use davy_yaml::{Node, Place, Value, nearest};

pub use crate::{
    duration::{FORM as DURATION_FORM, parse as parse_duration, show as show_duration},
    fields::{Fields, Item, one_of},
    figure::{Figure, leading_number},
    report::{Finding, Report},
    yaml::parse,
};
