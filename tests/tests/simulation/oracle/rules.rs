//! The rules of the simulated site, by hand: what `site.rs` says in YAML, said a second time.

use super::SECOND_US;

#[derive(Debug)]
pub(super) struct Level {
    pub(super) tier: &'static str,
    pub(super) past: fn(f64) -> bool,
    pub(super) clear: fn(f64) -> bool,
    pub(super) on_us: i64,
    pub(super) off_us: i64,
    pub(super) latch: bool,
}

/// The rule that watches tags of that last letter, and its levels, the least grave first.
pub(super) fn of(letter: char) -> (&'static str, &'static [Level]) {
    const HIGH: &[Level] = &[
        Level {
            tier: "orange",
            past: |value| value > 70.0,
            clear: |value| value <= 65.0,
            on_us: 4 * SECOND_US,
            off_us: 6 * SECOND_US,
            latch: false,
        },
        Level {
            tier: "red",
            past: |value| value >= 90.0,
            clear: |value| value < 85.0,
            on_us: 0,
            off_us: 3 * SECOND_US,
            latch: true,
        },
    ];
    const LOW: &[Level] = &[Level {
        tier: "yellow",
        past: |value| value < 10.0,
        clear: |value| value > 15.0,
        on_us: 2 * SECOND_US,
        off_us: 0,
        latch: false,
    }];
    const QUICK: &[Level] = &[
        Level {
            tier: "yellow",
            past: |value| value >= 50.0,
            clear: |value| value < 50.0,
            on_us: 0,
            off_us: 0,
            latch: false,
        },
        Level {
            tier: "red",
            past: |value| value > 80.0,
            clear: |value| value <= 60.0,
            on_us: 0,
            off_us: 0,
            latch: false,
        },
    ];
    match letter {
        'p' => ("high", HIGH),
        'l' => ("low", LOW),
        _ => ("quick", QUICK),
    }
}
