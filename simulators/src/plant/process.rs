//! How things move: first-order lags, tanks that fill and drain, days that come and go, and noise.
//!
//! All in closed form, so that a value is a function of time alone and needs no history.

use std::f64::consts::TAU;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Seconds of a day.
const DAY_S: f64 = 86_400.0;
/// How far apart the pegs of the slow wander are, in seconds.
const WANDER_S: f64 = 30.0;
/// Noise beyond this many standard deviations is cut off: a real transmitter filters it, and scripts can rely on it.
const SIGMAS_MAX: f64 = 3.0;

/// Answer of a first-order process of gain 1 to an input that is 1 from `start_s` to `end_s` and 0 outside; `rise_s` and
/// `fall_s` are its time constants. 0..=1.
pub(super) fn lagged_pulse(t_s: f64, (start_s, end_s): (f64, f64), rise_s: f64, fall_s: f64) -> f64 {
    let risen = |until: f64| 1.0 - (-(until - start_s) / rise_s).exp();
    if t_s <= start_s {
        0.0
    } else if t_s <= end_s {
        risen(t_s)
    } else {
        risen(end_s) * (-(t_s - end_s) / fall_s).exp()
    }
}

/// Mass balance of a tank with straight walls: the level gained, in metres, by a flow that changes it by `metres_per_s`
/// from `start_s` to `end_s`.
pub(super) fn transferred(t_s: f64, (start_s, end_s): (f64, f64), metres_per_s: f64) -> f64 {
    metres_per_s * (t_s.clamp(start_s, end_s) - start_s)
}

/// The swing of a day: 0 at midnight, at its top (`amplitude`) at noon of plant time.
pub(super) fn diurnal(plant_s: f64, amplitude: f64) -> f64 {
    amplitude * 0.5 * (1.0 - (TAU * plant_s / DAY_S).cos())
}

/// Noise of one measured point, of standard deviation about 1 and at most 4.5: white, with a slow wander below it.
pub(super) fn noise(seed: u64, point: u64, plant_s: f64) -> f64 {
    let white = normal(seed, point, (plant_s * 1000.0).round() as u64);
    let peg = (plant_s / WANDER_S).floor();
    let part = plant_s / WANDER_S - peg;
    let smooth = part * part * (3.0 - 2.0 * part);
    let at = |peg: f64| normal(seed, point | WANDER_STREAM, peg as u64);
    let wander = at(peg) * (1.0 - smooth) + at(peg + 1.0) * smooth;
    0.8 * white + 0.6 * wander
}

/// Marks the wander's random numbers off from the white noise's.
const WANDER_STREAM: u64 = 1 << 63;

/// One normal number, the same for the same seed, stream and index.
fn normal(seed: u64, stream: u64, index: u64) -> f64 {
    let mut key = [0_u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&stream.to_le_bytes());
    key[16..24].copy_from_slice(&index.to_le_bytes());
    let mut random = StdRng::from_seed(key);
    // Box and Muller; 1 - u keeps the logarithm away from zero.
    let (u, v): (f64, f64) = (random.random(), random.random());
    let normal = (-2.0 * (1.0 - u).ln()).sqrt() * (TAU * v).cos();
    normal.clamp(-SIGMAS_MAX, SIGMAS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_order_process_is_63_percent_there_after_one_time_constant() {
        let pulse = |t| lagged_pulse(t, (10.0, 30.0), 5.0, 8.0);
        for (t, expected) in
            [(0.0, 0.0), (10.0, 0.0), (15.0, 0.632), (30.0, 0.982), (38.0, 0.361), (120.0, 0.0)]
        {
            assert!((pulse(t) - expected).abs() < 0.001, "{t}: {}", pulse(t));
        }
    }

    #[test]
    fn a_tank_gains_what_flows_in_and_no_more() {
        let gained = |t| transferred(t, (10.0, 60.0), 0.02);
        for (t, expected) in [(0.0, 0.0), (10.0, 0.0), (35.0, 0.5), (60.0, 1.0), (900.0, 1.0)] {
            assert!((gained(t) - expected).abs() < 1e-9, "{t}");
        }
    }

    #[test]
    fn noise_is_noise_and_the_same_for_the_same_seed() {
        let series = |seed, point| (0..2000).map(|k| noise(seed, point, f64::from(k))).collect::<Vec<_>>();
        let one = series(7, 1);
        assert_eq!(one, series(7, 1));
        assert_ne!(one, series(8, 1));
        assert_ne!(one, series(7, 2));
        let mean = one.iter().sum::<f64>() / 2000.0;
        let deviation = (one.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 2000.0).sqrt();
        assert!(mean.abs() < 0.25 && (0.7..1.3).contains(&deviation), "mean {mean}, deviation {deviation}");
        assert!(one.iter().all(|x| x.abs() <= 4.5));
    }

    #[test]
    fn a_day_swings_once() {
        assert!(diurnal(0.0, 2.0).abs() < 1e-9 && (diurnal(43_200.0, 2.0) - 2.0).abs() < 1e-9);
    }
}
