//! What an edge node's births have told: its devices, their metrics, and which alias stands for which.

use std::collections::BTreeMap;

use davy_model::Timestamp;

use super::DataType;

/// What a metric weighs beside its name and unit, bytes: an upper estimate.
const METRIC_BYTES: usize = 192;
/// The place of the edge node's own metrics.
pub(super) const NODE: u32 = 0;

/// Everything that stands.
#[derive(Debug)]
pub(super) struct Table {
    /// The edge node itself, then its devices.
    devices: Vec<Device>,
    places: BTreeMap<Box<str>, u32>,
    /// Sorted by alias.
    aliases: Vec<(u64, Owner)>,
}

/// A device, or the edge node itself.
#[derive(Debug, Default)]
pub(super) struct Device {
    pub(super) is_alive: bool,
    /// When its last birth of a session came.
    pub(super) born: Option<Timestamp>,
    /// No metric of its birth was refused.
    pub(super) is_whole: bool,
    pub(super) metrics: Vec<Known>,
    names: BTreeMap<Box<str>, u32>,
    /// Data comes in the births' order: the metric that is most likely the next.
    next: usize,
}

/// A metric that a birth has told of.
#[derive(Debug)]
pub(super) struct Known {
    /// `{device}/{metric}`, or `{metric}` of the edge node itself: what a tag is called.
    pub(super) name: Box<str>,
    /// Where in it the metric's own name begins.
    own_at: usize,
    /// Absent as well when two metrics claim it.
    alias: Option<u64>,
    pub(super) datatype: DataType,
    /// It is about the edge node's life and not about the plant: no tag.
    pub(super) is_hidden: bool,
    pub(super) unit: Option<Box<str>>,
    /// Something live was told of it, in this birth or before, and not yet that it is gone.
    pub(super) is_told: bool,
}

/// Metrics of which something live was told before a birth, by their own names.
pub(super) type Told = BTreeMap<Box<str>, Known>;

/// Whose an alias is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    One {
        device: u32,
        metric: u32,
    },
    /// Two metrics claim it, so it is nobody's.
    Several,
}

/// Why no metric is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// No birth has named it.
    Unknown,
    /// Its alias belongs to two metrics, or to another than its name, or to another device.
    Ambiguous,
    /// It has neither a name nor an alias.
    Nameless,
}

/// Why a metric of a birth is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Clash {
    /// Another metric of this birth has its name.
    Name,
    /// Another metric has its alias.
    Alias,
}

impl Table {
    pub(super) fn new() -> Table {
        Table { devices: vec![Device::default()], places: BTreeMap::new(), aliases: Vec::new() }
    }

    /// A new session of the edge node begins: nothing stands any more but what was told. Devices that were gone before are
    /// forgotten.
    pub(super) fn begin_anew(&mut self) {
        self.aliases.clear();
        let mut former = std::mem::take(&mut self.devices).into_iter();
        self.devices.extend(former.next());
        let mut places = BTreeMap::new();
        let names: BTreeMap<u32, Box<str>> =
            std::mem::take(&mut self.places).into_iter().map(|(name, place)| (place, name)).collect();
        for ((_, name), device) in names.into_iter().zip(former) {
            if device.is_alive {
                places.insert(name, self.devices.len() as u32);
                self.devices.push(device);
            }
        }
        self.places = places;
        for device in &mut self.devices {
            device.is_alive = false;
            device.metrics.iter_mut().for_each(|metric| metric.alias = None);
        }
    }

    /// The place of a device; of the edge node itself when it is `None`.
    pub(super) fn place(&self, device: Option<&str>) -> Option<u32> {
        device.map_or(Some(NODE), |name| self.places.get(name).copied())
    }

    /// A birth begins, and what was told before is forgotten. Gives the device's place, and the metrics that anything was told of.
    pub(super) fn born(&mut self, device: Option<&str>) -> (u32, Told) {
        let place = match (device, self.place(device)) {
            (_, Some(place)) => place,
            (None, None) => NODE,
            (Some(name), None) => {
                let place = self.devices.len() as u32;
                self.devices.push(Device::default());
                self.places.insert(name.into(), place);
                place
            }
        };
        self.aliases.retain(|(_, owner)| !matches!(owner, Owner::One { device, .. } if *device == place));
        let now = Device { is_alive: true, is_whole: true, ..Device::default() };
        let before = std::mem::replace(&mut self.devices[place as usize], now);
        let told = before.metrics.into_iter().filter(|known| known.is_told);
        (place, told.map(|known| (known.own().into(), known)).collect())
    }

    /// Adds a metric of a birth; gives its place among its device's.
    pub(super) fn add(
        &mut self,
        place: u32,
        (device, own): (Option<&str>, &str),
        alias: Option<u64>,
        datatype: DataType,
    ) -> Result<u32, Clash> {
        let index = self.devices[place as usize].metrics.len() as u32;
        if self.devices[place as usize].names.contains_key(own) {
            return Err(Clash::Name);
        }
        let alias_is_free = alias.is_none_or(|alias| self.claim(alias, place, index));
        let name: Box<str> = match device {
            None => own.into(),
            Some(device) => format!("{device}/{own}").into(),
        };
        let entry = &mut self.devices[place as usize];
        entry.names.insert(own.into(), index);
        let own_at = name.len() - own.len();
        entry.metrics.push(Known {
            name,
            own_at,
            alias: alias.filter(|_| alias_is_free),
            datatype,
            is_hidden: is_hidden(own),
            unit: None,
            is_told: false,
        });
        if alias_is_free { Ok(index) } else { Err(Clash::Alias) }
    }

    /// Makes an alias a metric's own; when it is another's already, it is nobody's from now on.
    fn claim(&mut self, alias: u64, device: u32, metric: u32) -> bool {
        match self.aliases.binary_search_by_key(&alias, |(known, _)| *known) {
            Err(at) => {
                self.aliases.insert(at, (alias, Owner::One { device, metric }));
                true
            }
            Ok(at) => {
                if let (_, Owner::One { device, metric }) = self.aliases[at] {
                    self.devices[device as usize].metrics[metric as usize].alias = None;
                }
                self.aliases[at].1 = Owner::Several;
                false
            }
        }
    }

    /// The metric of a device that a name, an alias, or both stand for.
    #[inline]
    pub(super) fn find(
        &mut self,
        place: u32,
        alias: Option<u64>,
        name: Option<&str>,
    ) -> Result<usize, Missing> {
        let device = &mut self.devices[place as usize];
        let at = if device.next < device.metrics.len() { device.next } else { 0 };
        if let Some(known) = device.metrics.get(at) {
            let is_it = match (alias, name) {
                (Some(_), None) => known.alias == alias,
                (None, Some(name)) => known.name[known.own_at..] == *name,
                (Some(_), Some(name)) => known.alias == alias && known.name[known.own_at..] == *name,
                (None, None) => return Err(Missing::Nameless),
            };
            if is_it {
                device.next = at + 1;
                return Ok(at);
            }
        }
        let at = self.look_up(place, alias, name)?;
        self.devices[place as usize].next = at + 1;
        Ok(at)
    }

    fn look_up(&self, place: u32, alias: Option<u64>, name: Option<&str>) -> Result<usize, Missing> {
        let by_name = name.map(|name| self.devices[place as usize].names.get(name).copied());
        let by_alias = alias.map(|alias| {
            let at = self.aliases.binary_search_by_key(&alias, |(known, _)| *known).ok()?;
            Some(self.aliases[at].1)
        });
        match (by_name, by_alias) {
            (None, None) => Err(Missing::Nameless),
            (Some(None), _) | (_, Some(None)) => Err(Missing::Unknown),
            (_, Some(Some(Owner::Several))) => Err(Missing::Ambiguous),
            (Some(Some(metric)), None) => Ok(metric as usize),
            (named, Some(Some(Owner::One { device, metric }))) => {
                let agrees = named.flatten().is_none_or(|named| named == metric);
                if device == place && agrees { Ok(metric as usize) } else { Err(Missing::Ambiguous) }
            }
        }
    }

    /// Devices that are not there and have metrics: they stood in the session before.
    pub(super) fn missing_devices(&self) -> Vec<Box<str>> {
        let gone = |place: u32| {
            let device = &self.devices[place as usize];
            !device.is_alive && !device.metrics.is_empty()
        };
        self.places.iter().filter(|(_, place)| gone(**place)).map(|(name, _)| name.clone()).collect()
    }

    /// Whether the device's birth has told of a metric.
    pub(super) fn has(&self, place: u32, own: &str) -> bool {
        self.devices[place as usize].names.contains_key(own)
    }

    pub(super) fn device(&mut self, place: u32) -> &mut Device {
        &mut self.devices[place as usize]
    }

    /// Whether a device is there; of the edge node itself when it is `None`.
    pub(super) fn is_alive(&self, device: Option<&str>) -> bool {
        self.place(device).is_some_and(|place| self.devices[place as usize].is_alive)
    }

    /// Devices, those that are gone among them.
    pub(super) fn devices_len(&self) -> usize {
        self.places.len()
    }

    /// Metrics of the edge node and all devices.
    pub(super) fn metrics_len(&self) -> usize {
        self.devices.iter().map(|device| device.metrics.len()).sum()
    }

    /// An upper estimate of its memory, bytes.
    pub(super) fn weight_bytes(&self) -> usize {
        let metrics = self.devices.iter().flat_map(|device| &device.metrics);
        let texts: usize = metrics
            .map(|known| 2 * known.name.len() + known.unit.as_ref().map_or(0, |unit| unit.len()))
            .sum();
        let devices: usize = self.places.keys().map(|name| METRIC_BYTES + name.len()).sum();
        self.metrics_len() * METRIC_BYTES + texts + devices
    }
}

impl Known {
    /// The metric's own name.
    pub(super) fn own(&self) -> &str {
        &self.name[self.own_at..]
    }
}

/// Metrics about the life of the edge node: its session's number, and what hosts may ask of it.
pub(super) fn is_hidden(own: &str) -> bool {
    own == super::session::BD_SEQ || own.starts_with("Node Control/") || own.starts_with("Device Control/")
}
