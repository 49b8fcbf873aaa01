//! What a vendor of gateways is shown: the page of the first five minutes is followed word for word, and every sample is
//! compiled and run against a real Davy.

mod bench;
mod page;
mod samples;
