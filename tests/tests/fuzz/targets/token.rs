//! The resume token of a subscriber.

use davy_delivery::Token;
use davy_model::is_name;

use crate::harness::{Gauge, Growth, Target, text};

pub(crate) const TOKEN: Target = Target {
    name: "token",
    runs: 100_000,
    check,
    seeds: || vec![b"d1.".to_vec(), b"d1.mine:0,park:13@1795420813000000".to_vec(), b"d1.a:18446744073709551615,b.c-d_e:1".to_vec()],
    words: &["d1.", "d2.", ":", ",", "park", "park:1", "@", "park:1@-7", "+1", "-"],
    growth: &[Growth {
        what: "many sites",
        make: |len| {
            let mut token = "d1.".to_owned();
            for site in 0..len / 9 {
                token += &format!("{}s{site:05}:7", if site == 0 { "" } else { "," });
            }
            token.into_bytes()
        },
    }],
    ..Target::PLAIN
};

fn check(gauge: &mut Gauge, input: &[u8]) {
    let text = text(input);
    match gauge.measure(input.len(), || text.parse::<Token>()) {
        Ok(token) => {
            let printed = token.to_string();
            assert_eq!(printed.parse(), Ok(token.clone()), "{text:?} reads, {printed:?} does not");
            for part in printed.strip_prefix("d1.").expect("its layout").split(',').filter(|part| !part.is_empty()) {
                let (site, mark) = part.split_once(':').expect("as it is printed");
                assert!(is_name(site), "{site:?}");
                assert_eq!(token.seen(site).map(|seen| seen.to_string()), Some(mark.to_owned()));
            }
            gauge.saw(printed.len().min(40));
        }
        Err(error) => assert!(error.to_string().len() <= 1000, "a refusal repeats at most a little of the token"),
    }
}
