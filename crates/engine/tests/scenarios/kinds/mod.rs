//! One file a rule kind: what it finds, what it must not find, and what missing data does to it.

mod balance;
mod corroborate;
mod count;
mod cusum;
mod deviation;
mod ewma;
mod expression;
mod files;
mod flatline;
mod hazard;
mod interlock;
mod moving;
mod quality;
mod rate_of_change;
mod spike;
mod time_to_limit;
mod vote;
mod window;
