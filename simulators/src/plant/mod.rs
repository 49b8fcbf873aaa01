//! Plants that behave: values as a function of a seed and of plant time, with a script whose truth is known.
//!
//! Transfers and leaks run quicker than in life, so that minutes of a demonstration show what takes hours in a plant. Each
//! plant repeats its script every [`CYCLE_S`] seconds and is normal in between.

mod episode;
mod gas;
mod mine;
mod park;
mod process;

use std::time::Duration;

pub use episode::{CYCLE_S, Episode, Kind, Truth};

/// Plant time goes on in steps of this; every interval is a multiple of it.
pub const STEP: Duration = Duration::from_secs(1);
/// The sample plants, by site.
pub const SITES: [&str; 3] = ["gas", "mine", "park"];

/// When a point's value is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Send {
    /// Every so many seconds.
    Every(u64),
    /// Looked at every `check_s` seconds and sent when it has moved into another multiple of `delta`; at least every
    /// `at_least_s` seconds all the same, or never when 0.
    OnChange {
        /// Seconds between two looks.
        check_s: u64,
        /// In the point's unit, above 0.
        delta: f64,
        /// Seconds after which it is sent unchanged, 0 for never.
        at_least_s: u64,
    },
}

/// One measured point of a plant.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// The tag's name.
    pub tag: &'static str,
    /// The unit of its values.
    pub unit: &'static str,
    /// Who publishes it.
    pub edge_node: &'static str,
    /// When it is sent.
    pub send: Send,
    /// The measuring range; a value beyond it is sent at its end as `uncertain:over_range` or `uncertain:under_range`.
    pub range: (f64, f64),
    /// Standard deviation of its noise, in its unit.
    noise: f64,
    /// Digits after the point.
    digits: i32,
    /// What the process does there, without noise.
    process: fn(Moment) -> f64,
}

/// A moment of plant time.
#[derive(Clone, Copy, Debug)]
struct Moment {
    /// Seconds since the plant began.
    plant_s: f64,
    /// Seconds since this cycle of the script began.
    cycle_s: f64,
}

impl Moment {
    fn at(t: Duration) -> Moment {
        let plant_s = t.as_secs_f64();
        Moment { plant_s, cycle_s: plant_s % CYCLE_S as f64 }
    }
}

/// A value as an edge node publishes it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The tag's name.
    pub tag: &'static str,
    /// The value, in `unit`.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// Its quality, in Davy's words.
    pub quality: &'static str,
}

/// A plant: its points, its script and the seed of its noise.
#[derive(Clone, Debug)]
pub struct Plant {
    site: &'static str,
    seed: u64,
    points: &'static [Point],
    script: &'static [Episode],
}

impl Plant {
    /// The sample plant of that site.
    pub fn of(site: &str, seed: u64) -> Option<Plant> {
        let (site, points, script): (_, &[Point], &[Episode]) = match site {
            "park" => ("park", park::POINTS, park::SCRIPT),
            "mine" => ("mine", mine::POINTS, mine::SCRIPT),
            "gas" => ("gas", gas::POINTS, gas::SCRIPT),
            _ => return None,
        };
        Some(Plant { site, seed, points, script })
    }

    /// All sample plants.
    pub fn samples(seed: u64) -> Vec<Plant> {
        SITES.iter().filter_map(|site| Plant::of(site, seed)).collect()
    }

    /// The site it stands for.
    pub const fn site(&self) -> &'static str {
        self.site
    }

    /// Its points.
    pub const fn points(&self) -> &'static [Point] {
        self.points
    }

    /// Its edge nodes, sorted.
    pub fn edge_nodes(&self) -> Vec<&'static str> {
        let mut nodes: Vec<_> = self.points.iter().map(|point| point.edge_node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// What is due at plant time `t`, of all edge nodes that are not cut off.
    pub fn values(&self, t: Duration) -> Vec<Measured> {
        self.edge_nodes().into_iter().flat_map(|node| self.values_of(node, t)).collect()
    }

    /// What `edge_node` has to send at plant time `t`; nothing while it is cut off.
    pub fn values_of(&self, edge_node: &str, t: Duration) -> Vec<Measured> {
        if self.is_cut(edge_node, t) {
            return Vec::new();
        }
        let mine = self.points_of(edge_node);
        mine.filter(|(index, point)| self.is_due(*index, point, t))
            .map(|(i, p)| self.measure(i, p, t))
            .collect()
    }

    /// The value of each point of `edge_node`, due or not: what it sends when it comes back.
    pub fn all_of(&self, edge_node: &str, t: Duration) -> Vec<Measured> {
        self.points_of(edge_node).map(|(index, point)| self.measure(index, point, t)).collect()
    }

    /// Whether the script has cut this edge node off at plant time `t`.
    pub fn is_cut(&self, edge_node: &str, t: Duration) -> bool {
        let moment = Moment::at(t);
        let mut acting = self.script.iter().filter(|episode| episode.acts(moment.cycle_s));
        acting.any(|episode| episode.kind == Kind::Cut && episode.about.contains(&edge_node))
    }

    /// What came to pass before plant time `until`: every episode that began, in order of its beginning.
    pub fn truth(&self, until: Duration) -> Vec<Truth> {
        let cycles = 0..=until.as_secs() / CYCLE_S;
        let all = cycles.flat_map(|cycle| {
            self.script.iter().map(move |episode| Truth {
                site: self.site,
                episode: *episode,
                start: Duration::from_secs(cycle * CYCLE_S + episode.start_s),
                end: Duration::from_secs(cycle * CYCLE_S + episode.end_s),
            })
        });
        let mut truth: Vec<Truth> = all.filter(|truth| truth.start < until).collect();
        truth.sort_by_key(|truth| truth.start);
        truth
    }

    fn points_of(&self, edge_node: &str) -> impl Iterator<Item = (usize, &'static Point)> {
        self.points.iter().enumerate().filter(move |(_, point)| point.edge_node == edge_node)
    }

    fn is_due(&self, index: usize, point: &Point, t: Duration) -> bool {
        let now_s = t.as_secs();
        match point.send {
            Send::Every(interval_s) => now_s.is_multiple_of(interval_s),
            Send::OnChange { check_s, delta, at_least_s } => {
                if now_s == 0 || (at_least_s > 0 && now_s.is_multiple_of(at_least_s)) {
                    return true;
                }
                let step = |t| (self.measure(index, point, t).value / delta).round();
                let before = t.saturating_sub(Duration::from_secs(check_s));
                now_s.is_multiple_of(check_s) && step(t) != step(before)
            }
        }
    }

    fn measure(&self, index: usize, point: &Point, t: Duration) -> Measured {
        let mut moment = Moment::at(t);
        let mut quality = "good";
        let mut span_gas = None;
        for episode in self.script.iter().filter(|episode| episode.about.contains(&point.tag)) {
            match episode.kind {
                Kind::Calibration(value) if episode.acts(moment.cycle_s) => {
                    span_gas = Some(value);
                    quality = "bad:calibration";
                }
                Kind::Stuck if episode.acts(moment.cycle_s) => {
                    // Frozen where it was when the episode began.
                    moment.plant_s -= moment.cycle_s - episode.start_s as f64;
                    moment.cycle_s = episode.start_s as f64;
                }
                Kind::Process | Kind::Calibration(_) | Kind::Stuck | Kind::Cut => {}
            }
        }
        let noise = point.noise * process::noise(self.seed, index as u64, moment.plant_s);
        let value = span_gas.unwrap_or_else(|| (point.process)(moment)) + noise;
        let (low, high) = point.range;
        if value > high {
            quality = "uncertain:over_range";
        } else if value < low && low < 0.0 {
            quality = "uncertain:under_range";
        }
        let scale = 10_f64.powi(point.digits);
        let value = (value.clamp(low, high) * scale).round() / scale;
        Measured { tag: point.tag, value, unit: point.unit, quality }
    }
}
