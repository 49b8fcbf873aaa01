//! A named measured point of a site (测点).

use std::{sync::Arc, time::Duration};

use crate::{Quality, QualityReason, Quantity, Substance, Text, Unit};

/// A named measured point.
#[derive(Clone, Debug, PartialEq)]
pub struct Tag {
    /// Its name, unique in the site, as gateways send it: `AT-0412/h2s`. At most 128 bytes.
    pub name: Arc<str>,
    /// What people call it.
    pub title: Text,
    /// What it measures.
    pub quantity: Quantity,
    /// The unit its values, range and limits are kept in.
    pub unit: Unit,
    /// What the sensor can measure, where known.
    pub range: Option<Range>,
    /// How often a value is to be expected.
    pub expected_interval: Duration,
    /// For how long after the last good value that value is held; then the tag is stale.
    pub silence_limit: Duration,
    /// Whether it reports on a schedule or only when something changes.
    pub reporting: Reporting,
    /// Where it belongs, an id among the site's areas.
    pub area: Option<Arc<str>>,
    /// Which edge node may send it, an id among the site's edge nodes; any, when not given.
    pub edge_node: Option<Arc<str>>,
    /// The name its edge node sends it under, when that is not its own.
    pub sent_as: Option<Arc<str>>,
    /// Which device behind the edge node measures it.
    pub device: Option<Arc<str>>,
    /// What it is mounted on: a tank, a pump, a section.
    pub equipment: Option<Arc<str>>,
    /// Which hazard source it is a tag of, an id among those of the site's files.
    pub hazard_source: Option<Arc<str>>,
    /// What it stands for by the rules of its trade: `coal.t1`, `tank.level`. Rules select by it.
    pub role: Option<Arc<str>>,
    /// Where it is.
    pub location: Option<Location>,
    /// Of the gas it measures: from the quantity, or its own.
    pub substance: Substance,
}

/// What the sensor can measure, in the tag's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The bottom.
    pub low: f64,
    /// The top; above the bottom.
    pub high: f64,
}

/// When a tag sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reporting {
    /// At its expected interval; silence is a fault.
    Periodic,
    /// When the value changes; the last value holds while the edge node is alive.
    ByException,
}

/// Where a tag is: WGS-84 degrees, or metres in the site's own grid, and metres above its datum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Location {
    /// On the globe.
    Geographic {
        /// Degrees north.
        latitude_deg: f64,
        /// Degrees east.
        longitude_deg: f64,
        /// Metres above the site's datum.
        elevation_m: f64,
    },
    /// In the site's own grid.
    Local {
        /// Metres east of the site's origin.
        x_m: f64,
        /// Metres north of it.
        y_m: f64,
        /// Metres above the site's datum.
        elevation_m: f64,
    },
}

impl Location {
    /// How far away another place is, m; none between a place on the globe and one in a site's grid. On the globe the
    /// earth is a ball of 6,371.0088 km (IUGG mean radius), which over a site's size is off by less than 1 %.
    pub fn metres_to(&self, other: &Location) -> Option<f64> {
        let [east_m, north_m, up_m] = self.offset_to(other)?;
        Some(north_m.hypot(east_m).hypot(up_m))
    }

    /// How far east, north and up another place is, m; as [`Location::metres_to`].
    pub fn offset_to(&self, other: &Location) -> Option<[f64; 3]> {
        const EARTH_M: f64 = 6_371_008.8;
        match (*self, *other) {
            (
                Location::Local { x_m, y_m, elevation_m },
                Location::Local { x_m: x, y_m: y, elevation_m: z },
            ) => Some([x - x_m, y - y_m, z - elevation_m]),
            (
                Location::Geographic { latitude_deg, longitude_deg, elevation_m },
                Location::Geographic { latitude_deg: latitude, longitude_deg: longitude, elevation_m: z },
            ) => {
                let north_m = (latitude - latitude_deg).to_radians() * EARTH_M;
                let middle = f64::midpoint(latitude, latitude_deg).to_radians();
                let east_m = (longitude - longitude_deg).to_radians() * middle.cos() * EARTH_M;
                Some([east_m, north_m, z - elevation_m])
            }
            _ => None,
        }
    }
}

impl Range {
    /// The width of the range.
    pub fn span(self) -> f64 {
        self.high - self.low
    }

    /// Whether the sensor can measure `value`.
    pub fn holds(self, value: f64) -> bool {
        value >= self.low && value <= self.high
    }

    /// How far a value may be believed that was sent with `quality`. Beyond the range by at most its width it may be true
    /// (a detector past its scale): it may raise an alarm, never clear one. Further out it is nonsense, and no evidence.
    pub fn quality_of(self, value: f64, quality: Quality) -> Quality {
        let (by, reason) = if value > self.high {
            (value - self.high, QualityReason::OverRange)
        } else {
            (self.low - value, QualityReason::UnderRange)
        };
        match quality {
            Quality::Good | Quality::Uncertain(_) if self.holds(value) => quality,
            Quality::Good | Quality::Uncertain(_) if by > self.span() => Quality::Bad(reason),
            Quality::Good | Quality::Uncertain(_) => Quality::Uncertain(reason),
            Quality::Bad(_) => quality,
        }
    }
}

impl Tag {
    /// Whether `text` may name a tag: 1 to 128 bytes, no control characters, no `+` or `#`, no space at either end.
    pub fn may_be_named(text: &str) -> bool {
        !text.is_empty()
            && text.len() <= 128
            && text.trim() == text
            && !text.chars().any(|c| c.is_control() || c == '+' || c == '#')
    }
}
