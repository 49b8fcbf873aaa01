//! The life of one alarm, as ISA-18.2 has it.

use super::Change;

#[derive(Clone, Debug)]
pub(super) struct Life {
    pub(super) active: bool,
    acknowledged: bool,
    pub(super) latched: bool,
    tier: &'static str,
    /// Shelved until then.
    pub(super) until_us: Option<i64>,
    pub(super) changes: Vec<Change>,
}

/// How grave a tier is.
pub(super) fn grave(tier: &str) -> usize {
    ["blue", "yellow", "orange", "red"].iter().position(|known| *known == tier).expect("a tier")
}

impl Life {
    pub(super) fn new(tier: &'static str) -> Life {
        Life { active: false, acknowledged: true, latched: false, tier, until_us: None, changes: Vec::new() }
    }

    fn note(&mut self, kind: &'static str, clock_us: i64) {
        self.changes.push(Change { kind, tier: self.tier, clock_us });
    }

    /// Its condition holds, as grave as that.
    pub(super) fn rise(&mut self, tier: &'static str, clock_us: i64) {
        let before = std::mem::replace(&mut self.tier, tier);
        let kind = match (self.active, grave(tier).cmp(&grave(before))) {
            (false, _) => "raised",
            (true, std::cmp::Ordering::Greater) => "tier_raised",
            (true, std::cmp::Ordering::Less) => "tier_lowered",
            (true, std::cmp::Ordering::Equal) => return,
        };
        if kind != "tier_lowered" {
            self.acknowledged = false;
        }
        if kind == "raised" {
            self.latched = false;
        }
        self.active = true;
        self.note(kind, clock_us);
    }

    pub(super) fn clear(&mut self, latch: bool, clock_us: i64) {
        if self.active {
            self.active = false;
            self.latched = latch;
            self.note("cleared", clock_us);
        }
    }

    pub(super) fn acknowledge(&mut self, clock_us: i64) {
        if !self.acknowledged {
            self.acknowledged = true;
            self.note("acknowledged", clock_us);
        }
    }

    pub(super) fn reset(&mut self, clock_us: i64) {
        if !self.active && self.latched && self.acknowledged {
            self.latched = false;
            self.note("reset", clock_us);
        }
    }

    pub(super) fn shelve(&mut self, now_us: i64, for_us: i64) {
        if self.until_us.is_none() {
            self.until_us = Some(now_us + for_us);
            self.note("shelved", now_us);
        }
    }

    pub(super) fn unshelve(&mut self, kind: &'static str, clock_us: i64) {
        if self.until_us.take().is_none() {
            return;
        }
        if self.active {
            self.acknowledged = false;
        } else if !self.latched {
            self.acknowledged = true;
        }
        self.note(kind, clock_us);
    }
}
