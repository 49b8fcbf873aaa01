//! The world around Davy, in one thread and on virtual time: what happens next is the next entry of one queue.

mod acts;
mod network;
mod turns;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use davy_door::Closed;
use davy_journal::Place;
use davy_model::Timestamp;
use davy_server::Loaded;
use parking_lot::Mutex;

use crate::{
    disk::{Salt, SimDisk},
    gateway::Gateway,
    house::{House, place},
    scenario::{Node, Scenario},
    site::NODES,
    subscriber::Subscriber,
};

/// 2026-11-23T00:00:00Z, µs.
pub(crate) const BEGIN_US: i64 = 1_795_392_000_000_000;
/// How long everything may take to drain, ms.
const DRAIN_MS: u64 = 100_000;
/// How often devices report while it drains, ms.
const CALM_EVERY_MS: u64 = 4_000;
/// Some ten thousand things happen in a run; with so many, time does not go on.
const HAPPENINGS_MAX: u32 = 1_000_000;
const SECOND_US: u64 = 1_000_000;

/// What is due.
#[derive(Clone, Debug)]
enum Event {
    Act(usize),
    Calm,
    CalmSay,
    Start,
    Connect(usize),
    Arrive { conn: u64, bytes: Vec<u8> },
    LostHere { conn: u64 },
    Answer { gateway: usize, conn: u64, bytes: Vec<u8> },
    LostThere { gateway: usize, conn: u64 },
    Judge { life: u64, site: usize },
    Deadline { life: u64, site: usize, at: Timestamp },
    Flush { life: u64, site: usize },
    Settle { life: u64, site: usize },
    Beat { life: u64 },
    Subscribe(usize),
}

/// The answers operators got: the site, the comment that names the command, and whether it was granted.
pub(crate) type Answers = Arc<Mutex<Vec<(String, String, bool)>>>;

pub(crate) struct World<'a> {
    scenario: &'a Scenario,
    pub(crate) disk: &'a SimDisk,
    /// Where each site's journal is.
    pub(crate) places: Vec<Place>,
    pub(crate) loaded: &'a [Loaded],
    now_us: u64,
    queue: BTreeMap<(u64, u64), Event>,
    ordered: u64,
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) subscribers: Vec<Subscriber>,
    pub(crate) house: Option<House>,
    /// How often Davy was started.
    pub(crate) life: u64,
    conns: u64,
    /// When each end of a connection gets its next bytes at the earliest.
    arrivals: BTreeMap<(u64, bool), u64>,
    machine_step_us: i64,
    machine_drift_ppm: i64,
    power: Option<Salt>,
    pub(crate) answers: Answers,
    pub(crate) calm: bool,
    commands: u64,
    /// Tells what happens, for people.
    tells: bool,
}

impl<'a> World<'a> {
    pub(crate) fn new(
        scenario: &'a Scenario,
        disk: &'a SimDisk,
        loaded: &'a [Loaded],
        tells: bool,
    ) -> World<'a> {
        let nodes = (0..scenario.sites).flat_map(|site| (0..NODES).map(move |node| Node { site, node }));
        let subscribers =
            (0..scenario.sites).flat_map(|site| [Subscriber::new(site, 0), Subscriber::new(site, 1)]);
        World {
            scenario,
            disk,
            places: (0..scenario.sites).map(|site| place(disk, site)).collect(),
            loaded,
            now_us: 0,
            queue: BTreeMap::new(),
            ordered: 0,
            gateways: nodes.map(Gateway::new).collect(),
            subscribers: subscribers.collect(),
            house: None,
            life: 0,
            conns: 0,
            arrivals: BTreeMap::new(),
            machine_step_us: 0,
            machine_drift_ppm: 0,
            power: None,
            answers: Answers::default(),
            calm: false,
            commands: 0,
            tells,
        }
    }

    /// Runs to the end: faults, then calm until everything has drained.
    ///
    /// # Errors
    /// What may not happen while it runs.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        self.disk.wipe();
        for (place, step) in self.scenario.steps.iter().enumerate() {
            self.order(step.at_ms * 1000, Event::Act(place));
        }
        self.order(0, Event::Start);
        for gateway in 0..self.gateways.len() {
            self.order(10_000, Event::Connect(gateway));
        }
        let calm_us = self.scenario.calm_ms * 1000;
        self.order(calm_us, Event::Calm);
        (1..DRAIN_MS / CALM_EVERY_MS)
            .for_each(|n| self.order(calm_us + n * CALM_EVERY_MS * 1000, Event::CalmSay));
        let end_us = calm_us + DRAIN_MS * 1000;
        let mut happened = 0_u32;
        while let Some(((at_us, _), event)) = self.queue.pop_first() {
            if at_us > end_us {
                break;
            }
            happened += 1;
            if happened > HAPPENINGS_MAX {
                return Err(format!("livelock: {happened} things happened, the last of them {event:?}"));
            }
            self.now_us = at_us;
            self.tell_clock();
            self.happen(event)?;
            self.pump()?;
        }
        Ok(())
    }

    fn order(&mut self, at_us: u64, event: Event) {
        self.ordered += 1;
        self.queue.insert((at_us.max(self.now_us), self.ordered), event);
    }

    fn order_in(&mut self, us: u64, event: Event) {
        self.order(self.now_us + us, event);
    }

    fn say(&self, what: impl FnOnce() -> String) {
        if self.tells {
            println!("{:>10.3} {}", self.now_us as f64 / 1e6, what());
        }
    }

    /// What the system's clock of Davy's machine shows.
    fn system(&self) -> Timestamp {
        let drifted = self.now_us as i64 * self.machine_drift_ppm / 1_000_000;
        Timestamp::from_micros(BEGIN_US + self.now_us as i64 + drifted + self.machine_step_us)
    }

    fn tell_clock(&mut self) {
        let system = self.system();
        if let Some(house) = &self.house {
            let mut clock = house.clock.lock();
            clock.mono = Duration::from_micros(self.now_us);
            clock.system = system;
        }
    }

    fn happen(&mut self, event: Event) -> Result<(), String> {
        let life = self.life;
        match event {
            Event::Act(place) => {
                let act = self.scenario.steps[place].act.clone();
                self.say(|| act.to_string());
                self.act(act)?;
            }
            Event::Calm => self.calm_down(),
            Event::CalmSay => self.say_calmly(),
            Event::Start => self.start()?,
            Event::Connect(gateway) => self.connect(gateway),
            Event::Arrive { conn, bytes } => {
                if let Some((_, place, link)) = self.link(conn) {
                    link.receive(&bytes);
                    let site = *place / NODES;
                    self.order_judge(site);
                }
            }
            Event::LostHere { conn } => {
                if let Some((_, place, link)) = self.link(conn) {
                    link.end(Closed::Lost);
                    let site = *place / NODES;
                    self.order_judge(site);
                }
            }
            Event::Answer { gateway, conn, bytes } if self.gateways[gateway].conn == Some(conn) => {
                self.gateways[gateway].receive(&bytes);
            }
            Event::LostThere { gateway, conn } if self.gateways[gateway].conn == Some(conn) => {
                self.gateways[gateway].lost();
                self.order_in(300_000, Event::Connect(gateway));
            }
            Event::Judge { life: of, site } if of == life => self.judge(site, false)?,
            Event::Deadline { life: of, site, at } if of == life => self.deadline(site, at)?,
            Event::Flush { life: of, site } if of == life => self.flush(site),
            Event::Settle { life: of, site } if of == life => self.settle(site)?,
            Event::Beat { life: of } if of == life => self.beat(),
            Event::Subscribe(subscriber) => self.subscribe(subscriber),
            Event::Answer { .. }
            | Event::LostThere { .. }
            | Event::Judge { .. }
            | Event::Deadline { .. }
            | Event::Flush { .. }
            | Event::Settle { .. }
            | Event::Beat { .. } => {}
        }
        Ok(())
    }

    /// Everything that needs no time: bytes go out, PUBACKs come back, subscribers hear.
    fn pump(&mut self) -> Result<(), String> {
        for place in 0..self.gateways.len() {
            self.send(place);
        }
        self.answer();
        if self.house.is_some() { self.deal() } else { Ok(()) }
    }
}
