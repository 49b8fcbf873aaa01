//! A seed becomes a scenario.

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use crate::{
    scenario::{Act, Node, Scenario, Step, Value},
    site::{LETTERS, NODES},
};

/// The scenario of a seed, always the same.
pub(crate) fn scenario(seed: u64) -> Scenario {
    let mut random = StdRng::seed_from_u64(seed);
    let sites = if random.random_bool(0.3) { 2 } else { 1 };
    let calm_ms = random.random_range(70_000..130_000);
    let mut steps = Vec::new();
    for site in 0..sites {
        for node in 0..NODES {
            readings(Node { site, node }, calm_ms, &mut random, &mut steps);
        }
        operators(site, calm_ms, &mut random, &mut steps);
    }
    for _ in 0..random.random_range(2..12) {
        let at_ms = random.random_range(2_000..calm_ms);
        let act = fault(sites, &mut random);
        steps.push(Step { at_ms, act });
    }
    steps.sort_by_key(|step| step.at_ms);
    Scenario { sites, calm_ms, steps }
}

/// A device that mostly measures on, now and then leaves its range or falls silent.
fn readings(node: Node, calm_ms: u64, random: &mut StdRng, steps: &mut Vec<Step>) {
    let mut levels = LETTERS.map(|letter| level(letter, random));
    let mut at_ms = random.random_range(0..3_000);
    while at_ms < calm_ms {
        let mut values = Vec::new();
        for (letter, level) in LETTERS.into_iter().zip(&mut levels) {
            if random.random_bool(0.25) {
                *level = self::level(letter, random);
            }
            if random.random_bool(0.8) {
                let value = (*level + random.random_range(-2.0..2.0f64)) * 4.0;
                values.push(Value { tag: letter, value: value.round() / 4.0, quality: quality(random) });
            }
        }
        steps.push(Step { at_ms, act: Act::Say(node, values) });
        at_ms += if random.random_bool(0.03) {
            random.random_range(10_000..30_000)
        } else {
            random.random_range(1_500..5_500)
        };
    }
}

fn level(letter: char, random: &mut StdRng) -> f64 {
    let levels: &[f64] = match letter {
        'p' => &[20.0, 20.0, 68.0, 72.0, 86.0, 92.0, 104.0, 240.0],
        'l' => &[50.0, 50.0, 8.0, 12.0, 16.0],
        _ => &[10.0, 10.0, 48.0, 55.0, 70.0, 90.0],
    };
    *levels.choose(random).expect("there are levels")
}

fn quality(random: &mut StdRng) -> String {
    let word = match random.random_range(0..30) {
        0 | 1 => "bad:calibration",
        2 => "uncertain",
        3 => "bad",
        _ => "",
    };
    word.to_owned()
}

fn operators(site: usize, calm_ms: u64, random: &mut StdRng, steps: &mut Vec<Step>) {
    for _ in 0..random.random_range(0..8) {
        let letter = *LETTERS.choose(random).expect("there are letters");
        let rule = match (random.random_bool(0.2), letter) {
            (true, _) => "silent",
            (false, 'p') => "high",
            (false, 'l') => "low",
            (false, _) => "quick",
        };
        let what = ["acknowledge", "acknowledge", "reset", "shelve", "unshelve"].choose(random);
        let act = Act::Operator {
            site,
            rule: rule.to_owned(),
            tag: format!("n{}/{letter}", random.random_range(0..NODES)),
            what: (*what.expect("there are commands")).to_owned(),
        };
        steps.push(Step { at_ms: random.random_range(5_000..calm_ms), act });
    }
}

fn fault(sites: usize, random: &mut StdRng) -> Act {
    let node = Node { site: random.random_range(0..sites), node: random.random_range(0..NODES) };
    match random.random_range(0..19) {
        0 => Act::Junk(node),
        1 => Act::Twice(node),
        2 => Act::Swap(node),
        3 | 4 => {
            let offset_ms = match random.random_range(0..6) {
                0 => random.random_range(-1_500..1_500),
                1 => random.random_range(2_500..60_000),
                2 => random.random_range(-15_000..-2_000),
                3 => random.random_range(-120_000..-25_000),
                4 => -7_200_000,
                _ => 0,
            };
            let drift_ppm = *[0, 0, 20_000, -20_000].choose(random).expect("there are drifts");
            Act::Clock { node, offset_ms, drift_ppm }
        }
        5 => Act::Delay(node, random.random_range(1..2_500)),
        6 | 7 => Act::Cut { node, after: random.random_range(0..400), back: random.random_bool(0.4) },
        8 => Act::Down(node, random.random_range(500..45_000)),
        9 => Act::Goodbye(node),
        10 | 11 => Act::Kill(random.random_range(0..60)),
        12 | 13 => Act::Power { after: random.random_range(0..60), salt: random.random() },
        14 => Act::Stop,
        15 => {
            let fault = *["write", "short", "sync", "cut"].choose(random).expect("there are faults");
            Act::Disk(fault.to_owned(), random.random_range(1..6))
        }
        16 => Act::Full(random.random_bool(0.6)),
        17 => Act::Machine {
            step_ms: *[0, -5_000, 3_000, 90_000, -3_600_000].choose(random).expect("there are steps"),
            drift_ppm: *[0, 0, 500, -500].choose(random).expect("there are drifts"),
        },
        _ => Act::Subscriber {
            site: node.site,
            number: random.random_range(0..2),
            ms: random.random_range(0..20_000),
        },
    }
}
