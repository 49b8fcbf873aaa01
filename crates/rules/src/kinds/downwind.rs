//! `downwind`: what one device smells, the next down the wind smells later, by the way and the speed of the wind.

use davy_model::{Location, Substance, TagIndex, Unit};

use crate::{
    Code,
    expand::{Expansion, Subject},
    fields::{Fields, Item},
    figure::Figure,
    level::{self, Scale},
    report::{Place, Report},
};

/// Its keys; the first two are required.
pub(crate) const KEYS: [&str; 5] = ["direction", "speed", "spread", "tolerance", "calm"];
/// Degrees to either side of the wind's way.
const SPREAD_DEG: f64 = 30.0;
/// How much sooner or later than by the wind's speed, as a part of the time that it takes.
const TOLERANCE: f64 = 0.5;
/// A slower wind goes nowhere, m/s.
const CALM_M_S: f64 = 0.5;

/// Which way a cloud goes, and how fast. The first input is the direction that the wind comes from, degrees from north
/// clockwise; the second its speed.
#[derive(Clone, Debug, PartialEq)]
pub struct Downwind {
    /// How much slower than right down the wind a way may be: the cosine of the greatest angle.
    pub cos_min: f64,
    /// How much sooner or later than by the wind's speed, as a part of the time that it takes.
    pub tolerance: f64,
    /// A slower wind goes nowhere, m/s.
    pub calm_m_s: f64,
    /// One unit of the second input, m/s.
    pub m_s: f64,
    /// By alarm looked at: where its subject is.
    pub places: Vec<Option<Location>>,
}

/// As its file has it.
pub(super) struct Draft {
    direction: (String, Place),
    speed: (String, Place),
    spread_deg: f64,
    tolerance: f64,
    calm: Option<Figure>,
}

impl Downwind {
    /// Whether what was smelled at one alarm's place may be what another's smells so much later, µs. Where either is nobody
    /// knows, or both are in one place, only the time counts, and that is somebody else's.
    pub fn carries(&self, (from, to): (u32, u32), later_us: i64, wind: (f64, f64)) -> bool {
        let place = |at: u32| self.places.get(at as usize).copied().flatten();
        let way = place(from).zip(place(to)).and_then(|(from, to)| from.offset_to(&to));
        let Some([east_m, north_m, _]) = way else { return true };
        let away_m = east_m.hypot(north_m);
        if away_m == 0.0 {
            return true;
        }
        let (from_deg, m_s) = wind;
        // It goes where it does not come from.
        let (sin, cos) = from_deg.to_radians().sin_cos();
        let along = -(east_m * sin + north_m * cos) / away_m;
        let takes_us = away_m / m_s * 1e6;
        along >= self.cos_min && (later_us as f64 - takes_us).abs() <= self.tolerance * takes_us
    }

    /// The wind by its two tags: from where, degrees, and how fast, m/s; none while it is calm.
    pub fn wind(&self, direction_deg: f64, speed: f64) -> Option<(f64, f64)> {
        let m_s = speed * self.m_s;
        (m_s >= self.calm_m_s && m_s > 0.0 && direction_deg.is_finite()).then_some((direction_deg, m_s))
    }
}

/// Reads it.
pub(super) fn read(item: &Item<'_>, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), item.about_key(), &KEYS, report)?;
    let name = |key: &'static str, report: &mut Report| {
        let tag = fields.need(key, report)?;
        Some((tag.text(report)?.to_owned(), tag.place))
    };
    let (direction, speed) = (name("direction", report), name("speed", report));
    let spread = fields.number("spread", SPREAD_DEG, 1.0..=90.0, report);
    let tolerance = fields.number("tolerance", TOLERANCE, 0.0..=1.0, report);
    let calm = match fields.get("calm") {
        None => None,
        Some(item) => Some(item.figure(report)?),
    };
    Some(Draft { direction: direction?, speed: speed?, spread_deg: spread?, tolerance: tolerance?, calm })
}

impl Draft {
    /// The tags of the wind, and what it carries between the subjects of a group. What does not fit is told.
    pub(super) fn of(
        &self,
        expansion: &mut Expansion<'_>,
        members: &[&Subject],
    ) -> Option<(Vec<TagIndex>, Downwind)> {
        let direction = expansion.tag(&self.direction.0, self.direction.1);
        let speed = expansion.tag(&self.speed.0, self.speed.1)?;
        let (direction, unit) = (direction?, expansion.site.tag(speed).unit);
        let Ok(line) = unit.conversion(Unit::MetrePerSecond, &Substance::default()) else {
            expansion.error(self.speed.1, Code::UnitMismatch, speed, "a tag of a speed, such as m/s");
            return None;
        };
        let calm_m_s = match &self.calm {
            None => CALM_M_S,
            Some(calm) => {
                match level::scaled(calm, Unit::MetrePerSecond, &Substance::default(), Scale::Width) {
                    Ok(calm) => calm,
                    Err(unfit) => {
                        expansion.wrong(unfit.place, unfit.code, &unfit.found, &unfit.expected);
                        return None;
                    }
                }
            }
        };
        let place = |member: &&Subject| expansion.site.tag(member.near?).location;
        let downwind = Downwind {
            cos_min: self.spread_deg.to_radians().cos(),
            tolerance: self.tolerance,
            calm_m_s,
            m_s: line.apply_width(1.0),
            places: members.iter().map(place).collect(),
        };
        Some((vec![direction, speed], downwind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x_m: f64, y_m: f64) -> Option<Location> {
        Some(Location::Local { x_m, y_m, elevation_m: 0.0 })
    }

    #[test]
    fn a_cloud_goes_where_the_wind_goes_and_as_fast() {
        // 100 m apart, by 2 m/s: 50 s, and half of that sooner or later.
        let places = vec![at(0.0, 0.0), at(100.0, 0.0), at(0.0, 100.0), None, at(0.0, 0.0)];
        let wind =
            Downwind { cos_min: 30_f64.to_radians().cos(), tolerance: 0.5, calm_m_s: 0.5, m_s: 1.0, places };
        for (from, to, comes_from_deg, later_s, carries) in [
            (0, 1, 270.0, 50, true),
            (0, 1, 270.0, 25, true),
            (0, 1, 270.0, 75, true),
            (0, 1, 270.0, 24, false),
            (0, 1, 270.0, 76, false),
            (0, 1, 90.0, 50, false),
            (0, 1, 241.0, 50, true),
            (0, 1, 239.0, 50, false),
            (0, 1, 299.0, 50, true),
            (0, 2, 180.0, 50, true),
            (0, 2, 0.0, 50, false),
            (0, 2, 360.0, 50, false),
            (0, 3, 0.0, 1, true),
            (0, 4, 0.0, 1, true),
        ] {
            let found = wind.carries((from, to), later_s * 1_000_000, (comes_from_deg, 2.0));
            assert_eq!(found, carries, "{from} to {to}, {comes_from_deg} deg, {later_s} s");
        }
        assert_eq!(wind.wind(90.0, 0.4), None, "calm");
        assert_eq!(wind.wind(90.0, 0.5), Some((90.0, 0.5)));
    }
}
