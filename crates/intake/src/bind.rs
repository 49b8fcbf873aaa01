//! Metric → reading of a known tag, in the tag's unit.
//!
//! A good reading that comes where it is expected costs one comparison of names: nothing is allocated, hashed or locked.

use std::collections::HashMap;
use std::sync::Arc;

use davy_model::{
    Conversion, NodeIndex, Quality, QualityReason, Range, Reading, Reason, TagIndex, Timestamp, Unit,
};

use crate::{
    Rejection,
    directory::SiteDoor,
    remark::remark,
    score::{Marks, Score},
    scores::{Expected, interval_us},
};

/// What a sender sent of one tag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) name: &'a str,
    /// None where nothing was measured.
    pub(crate) value: Option<f64>,
    pub(crate) unit: Option<&'a str>,
    pub(crate) time: Option<Timestamp>,
    pub(crate) quality: Quality,
    pub(crate) historical: bool,
}

/// When a message arrived, and the source times the site believes then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) arrival: Timestamp,
    latest: Timestamp,
    earliest: Timestamp,
    late: Timestamp,
}

/// The tags of one edge node, in the order in which it sends them over one connection.
#[derive(Debug)]
pub(crate) struct NodeBinding {
    pub(crate) door: Arc<SiteDoor>,
    pub(crate) node: NodeIndex,
    slots: Vec<Slot>,
    /// Where a tag's slot is; asked only when the prediction fails.
    places: HashMap<TagIndex, usize>,
    next: usize,
    /// What the message being read tells of the devices behind it.
    devices: Vec<DeviceMarks>,
}

/// A device behind an edge node, and what the message being read tells of it. The first is the edge node itself.
#[derive(Debug)]
struct DeviceMarks {
    score: Arc<Score>,
    marks: Marks,
}

/// What is to be known of a tag to bind its readings.
#[derive(Debug)]
struct Slot {
    tag: TagIndex,
    name: Arc<str>,
    range: Option<Range>,
    unit: Option<SentUnit>,
    /// Its device's place among those of the edge node.
    device: usize,
    interval_us: i64,
}

/// A unit as it was sent, and the line to the tag's own.
#[derive(Debug)]
struct SentUnit {
    text: Box<str>,
    line: Conversion,
}

impl Moment {
    pub(crate) fn new(arrival: Timestamp, door: &SiteDoor) -> Moment {
        let time = door.site.time;
        Moment {
            arrival,
            latest: arrival.plus(time.max_ahead),
            earliest: arrival.minus(time.max_age),
            late: arrival.minus(time.late_after),
        }
    }
}

impl NodeBinding {
    pub(crate) fn new(door: Arc<SiteDoor>, node: NodeIndex) -> NodeBinding {
        let score = door.scores.of_node(&door.site, node);
        let devices = vec![DeviceMarks { score, marks: Marks::default() }];
        NodeBinding { door, node, slots: Vec::new(), places: HashMap::new(), next: 0, devices }
    }

    /// The reading, or `None` when it is refused; what there is to say of it is added to `findings`, without pointers.
    pub(crate) fn bind(
        &mut self,
        sent: &Sent<'_>,
        moment: &Moment,
        findings: &mut Vec<Rejection>,
    ) -> Option<Reading> {
        let place = match self.predicted(sent.name) {
            Some(place) => place,
            None => self.find(sent, moment, findings)?,
        };
        self.next = place + 1;
        let slot = &mut self.slots[place];
        let value = match sent.value {
            None => None,
            Some(number) => Some(slot.converted(number, sent.unit, &self.door, findings)?),
        };
        let quality = match (value, slot.range) {
            (Some(value), Some(range)) if !range.holds(value) => {
                slot.beyond(range, value, sent.quality, &self.door, findings)
            }
            (None, _) if sent.quality.is_evidence() => Quality::Bad(QualityReason::Unspecified),
            (Some(_) | None, Some(_) | None) => sent.quality,
        };
        let source_time = sent.time.unwrap_or(moment.arrival);
        if source_time > moment.latest || source_time < moment.earliest {
            findings.push(doubtful_time(source_time, moment));
        }
        let ahead = source_time > moment.latest;
        let expected = match ahead {
            true => Expected::default(),
            false => self.door.last_times.note(slot.tag, source_time, slot.interval_us),
        };
        let marks = &mut self.devices[slot.device].marks;
        marks.accepted += 1;
        marks.late += u32::from(source_time < moment.late);
        marks.ahead += u32::from(ahead);
        marks.implausible += u32::from(quality != Quality::Good);
        marks.expected += expected.expected;
        marks.missed += expected.missed;
        Some(Reading { tag: slot.tag, quality, source_time, value: value.into() })
    }

    /// What the message told goes to the books of the devices. `refused` readings are the edge node's own.
    pub(crate) fn end_message(&mut self, refused: u64) {
        self.devices[0].marks.rejected += u32::try_from(refused).unwrap_or(u32::MAX);
        for device in &mut self.devices {
            if device.marks != Marks::default() {
                device.score.add(&std::mem::take(&mut device.marks));
            }
        }
    }

    /// Gateways send the same tags in the same order, message after message: the next one is most likely the one that
    /// followed the last one before.
    fn predicted(&self, name: &str) -> Option<usize> {
        let place = if self.next < self.slots.len() { self.next } else { 0 };
        self.slots.get(place).is_some_and(|slot| *slot.name == *name).then_some(place)
    }

    fn device_of(&mut self, tag: TagIndex) -> usize {
        let score = self.door.scores.of_tag(&self.door.site, self.node, tag);
        match self.devices.iter().position(|device| Arc::ptr_eq(&device.score, &score)) {
            Some(place) => place,
            None => {
                self.devices.push(DeviceMarks { score, marks: Marks::default() });
                self.devices.len() - 1
            }
        }
    }

    /// The tag of a name sent: what this edge node sends under it, else the tag of that very name.
    fn tag_sent_as(&self, name: &str) -> Option<TagIndex> {
        let site = &self.door.site;
        let node = &site.node(self.node).id;
        let own = self.door.sent_names.get(name).and_then(|tags| {
            tags.iter()
                .copied()
                .find(|tag| site.tag(*tag).edge_node.as_ref().is_none_or(|owner| owner == node))
        });
        own.or_else(|| self.door.names.get(name).copied())
    }

    fn find(&mut self, sent: &Sent<'_>, moment: &Moment, findings: &mut Vec<Rejection>) -> Option<usize> {
        let site = &self.door.site;
        let node = site.node(self.node);
        let Some(tag) = self.tag_sent_as(sent.name) else {
            self.door.discovered.note(&node.id, sent.name, sent.value, sent.unit, moment.arrival);
            findings.push(remark(
                Reason::PointUnknown,
                sent.name,
                format!("a tag of site {}", site.id),
                "send the tag under the name in the site's tag list, or ask the site to add it",
            ));
            return None;
        };
        if let Some(place) = self.places.get(&tag) {
            return Some(*place);
        }
        let described = site.tag(tag);
        if let Some(owner) = &described.edge_node
            && *owner != node.id
        {
            findings.push(remark(
                Reason::PointNotOwned,
                sent.name,
                format!("a tag that edge node {} may send; this one belongs to {owner}", node.id),
                format!("send it from {owner}, or ask the site to give it to {}", node.id),
            ));
            return None;
        }
        let place = self.slots.len();
        let (range, interval_us) = (described.range, interval_us(&self.door.site, tag));
        let device = self.device_of(tag);
        self.slots.push(Slot { tag, name: sent.name.into(), range, unit: None, device, interval_us });
        self.places.insert(tag, place);
        Some(place)
    }
}

impl Slot {
    /// A number in the tag's unit; nothing when it is refused.
    fn converted(
        &mut self,
        number: f64,
        unit: Option<&str>,
        door: &SiteDoor,
        findings: &mut Vec<Rejection>,
    ) -> Option<f64> {
        if !number.is_finite() {
            findings.push(not_finite(number));
            return None;
        }
        let value = match unit {
            None => number,
            Some(text) => self.line(door, text, findings)?.apply(number),
        };
        // A conversion can leave what a number can hold.
        if !value.is_finite() {
            findings.push(not_finite(value));
            return None;
        }
        Some(value)
    }

    /// The line from the unit sent to the tag's; remembered, since a sender does not change its units.
    fn line(&mut self, door: &SiteDoor, text: &str, findings: &mut Vec<Rejection>) -> Option<Conversion> {
        if let Some(known) = &self.unit
            && *known.text == *text
        {
            return Some(known.line);
        }
        let tag = door.site.tag(self.tag);
        let Some(unit) = Unit::parse(text) else {
            findings.push(remark(
                Reason::UnitUnknown,
                text,
                tag.unit.to_string(),
                format!("send {}, or leave the unit out", tag.unit),
            ));
            return None;
        };
        match unit.conversion(tag.unit, &tag.substance) {
            Ok(line) => {
                self.unit = Some(SentUnit { text: text.into(), line });
                Some(line)
            }
            Err(error) => {
                let fix = format!("send {}: {error}", tag.unit);
                findings.push(remark(Reason::UnitMismatch, text, tag.unit.to_string(), fix));
                None
            }
        }
    }

    /// Tells of a value beyond the range, and how far it may be believed.
    fn beyond(
        &self,
        range: Range,
        value: f64,
        quality: Quality,
        door: &SiteDoor,
        findings: &mut Vec<Rejection>,
    ) -> Quality {
        let unit = door.site.tag(self.tag).unit;
        findings.push(remark(
            Reason::OutOfSensorRange,
            &format!("{value} {unit}"),
            format!("{} to {} {unit}", range.low, range.high),
            "check the sensor, its scaling and its unit; or ask the site to correct the tag's range",
        ));
        range.quality_of(value, quality)
    }
}

fn not_finite(value: f64) -> Rejection {
    remark(
        Reason::NumberNotFinite,
        &value.to_string(),
        "a finite number",
        "leave out what was not measured, or send a bad quality in place of its value",
    )
}

fn doubtful_time(source_time: Timestamp, moment: &Moment) -> Rejection {
    let (reason, expected, fix) = if source_time > moment.latest {
        (
            Reason::TimestampFuture,
            format!("at most {}", moment.latest),
            "set the sender's clock (NTP); until then its readings are judged at their arrival",
        )
    } else {
        (
            Reason::TimestampTooOld,
            format!("at least {}", moment.earliest),
            "set the sender's clock; a reading this old is kept, not judged",
        )
    };
    remark(reason, &source_time.to_string(), expected, fix)
}

#[cfg(test)]
#[path = "bind_tests.rs"]
mod tests;
