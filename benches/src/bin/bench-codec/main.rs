//! Every codec on one core: readings/s, and what the bare library makes of the same payload in the same run.
//!
//! Budget: 0.7 of the bare typed decode; of mapped JSON, 0.35. The floors check nothing, bound nothing and know no places.
//! Both sides are timed by what their thread worked, so that what else runs on the machine counts for neither.

mod case;
mod hj212;
mod mapped;
mod native;
mod senml;
mod sparkplug;

use anyhow::Result;

/// Measures all, or those whose name has the word given.
fn main() -> Result<()> {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    println!("codecs, one core; readings/s of ours, ns a reading of ours and of the floor, ratio");
    let cases = [
        native::json(),
        native::protobuf(),
        mapped::devices()?,
        mapped::list()?,
        mapped::csv()?,
        senml::json(),
        senml::cbor(),
        sparkplug::data()?,
        hj212::frame(),
    ];
    cases.into_iter().filter(|case| case.name.contains(&wanted)).try_for_each(case::Case::measure)
}
