//! The record of a site, looked at by somebody who does not trust it.

use std::fs;

use davy_tests::{Said, davy};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{gateway, park, send};

/// How many single bytes are spoilt, one after the other.
const FLIPS: usize = 20;
const SEED: u64 = 0xf11b;

async fn verify(path: &str) -> Said {
    davy(["journal", "verify", path, "--json"]).await
}

#[tokio::test]
async fn a_flipped_byte_in_the_record_is_found_wherever_it_is() {
    println!("seed {SEED:#x}");
    let (setup, mut server, _grpc) = park().await;
    let mut gateway = gateway(server.door().await).await;
    for place in 0..50 {
        send(&mut gateway, "AT-0412/h2s", f64::from(place % 2) * 10.0).await;
    }
    assert_eq!(server.stop().await, 0);
    let journal = setup.journal("park");
    let whole = fs::read(&journal).expect("a journal");
    let path = journal.display().to_string();
    assert_eq!(verify(&path).await.ended(0).one()["whole"], true);

    let mut random = StdRng::seed_from_u64(SEED);
    for _ in 0..FLIPS {
        let (at, bit) = (random.random_range(0..whole.len()), random.random_range(0..8));
        let mut spoilt = whole.clone();
        spoilt[at] ^= 1 << bit;
        fs::write(&journal, &spoilt).expect("writable");
        let said = verify(&path).await;
        assert_eq!(
            said.code,
            1,
            "bit {bit} of byte {at} of {} was not found: {}{}",
            whole.len(),
            said.out,
            said.err
        );
    }
    fs::write(&journal, &whole).expect("writable");
    let replayed = davy(["journal", "replay", &path, "--json"]).await.ended(0).one();
    assert!(replayed["differs"].is_null() && replayed["commits"].as_u64() > Some(50), "{replayed}");
}
