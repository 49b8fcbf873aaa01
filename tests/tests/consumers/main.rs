//! Durable consumers, from outside: what they filter by, how they are marked and resume, what the ledger says of them, and who is
//! told when one does not listen.

mod cuts;
mod filters;
mod ledger;
mod many;
mod restored;
mod silent;
