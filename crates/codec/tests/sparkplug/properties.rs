//! Edge nodes and networks as they come, against a model that knows what was meant.
//!
//! Every value is sent once only, so a value that is given tells which metric was meant.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::{
    edge_node::{Metric, Sent, aliased, by_name, named},
    heard::Stage,
};

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Action {
    /// Some metrics of the edge node itself, or of a device, by alias or by name.
    Data {
        device: Option<usize>,
        which: usize,
        by_name: bool,
        fate: Fate,
    },
    /// All births anew, with other aliases and metrics.
    Births {
        shift: u64,
        len: usize,
        fate: Fate,
    },
    /// The connection of the edge node breaks: the broker sends its will, and it connects anew.
    Reconnect {
        will: Fate,
        shift: u64,
    },
    DeviceDies {
        device: usize,
        fate: Fate,
    },
    Wait {
        ms: u64,
    },
    /// What the network held arrives, from its place on.
    Arrive {
        from: usize,
    },
}

/// What the network makes of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Comes,
    ComesTwice,
    IsHeld,
    IsLost,
}

const DEVICES: [&str; 2] = ["d", "e"];

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![8 => Just(Fate::Comes), 1 => Just(Fate::ComesTwice), 2 => Just(Fate::IsHeld), 1 => Just(Fate::IsLost)]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        12 => (proptest::option::of(0..2_usize), 0..6_usize, any::<bool>(), fate())
            .prop_map(|(device, which, by_name, fate)| Action::Data { device, which, by_name, fate }),
        2 => (0..20_u64, 1..6_usize, fate()).prop_map(|(shift, len, fate)| Action::Births { shift, len, fate }),
        1 => (fate(), 0..20_u64).prop_map(|(will, shift)| Action::Reconnect { will, shift }),
        1 => (0..2_usize, fate()).prop_map(|(device, fate)| Action::DeviceDies { device, fate }),
        3 => (0..3_000_u64).prop_map(|ms| Action::Wait { ms }),
        4 => (0..8_usize).prop_map(|from| Action::Arrive { from }),
    ]
}

/// A message with the model's knowledge of it.
#[derive(Clone, Debug)]
struct Parcel {
    sent: Sent,
    /// The session it is a birth or a death of.
    birth_of: Option<u64>,
    death_of: Option<u64>,
}

struct World {
    stage: Stage,
    /// Metrics as the edge node has them: of itself, then of its devices; name and alias.
    tables: [Vec<(String, u64)>; 3],
    /// Which metric a value was sent for.
    meant: BTreeMap<u64, String>,
    values: u64,
    held: Vec<Parcel>,
    /// The session whose birth stood last, while it was not heard to die.
    standing: Option<u64>,
    dead: bool,
    /// Messages the network may not lose or hold. A missed birth is found by numbers alone, and a number can fit by chance,
    /// with no way to tell; so the network keeps to those that cannot.
    sure: u32,
    /// Messages since the last birth that were read at once.
    in_step: u32,
    asked: u32,
}

impl World {
    fn new() -> World {
        World {
            stage: Stage::new(),
            tables: Default::default(),
            meant: BTreeMap::new(),
            values: 0,
            held: Vec::new(),
            standing: None,
            dead: false,
            sure: 0,
            in_step: 0,
            asked: 0,
        }
    }

    /// A value nobody has sent before.
    fn value(&mut self, place: usize, name: &str) -> f64 {
        self.values += 1;
        let whole = if place == 0 { name.to_owned() } else { format!("{}/{name}", DEVICES[place - 1]) };
        self.meant.insert(self.values, whole);
        self.values as f64
    }

    fn births(&mut self, shift: u64, len: usize, fate: Fate) {
        let mut birth = Vec::new();
        for place in 0..3 {
            // The same aliases for other metrics: what must never be mixed up.
            self.tables[place] = (0..len as u64)
                .map(|at| (format!("m{}", (at + shift) % 7), place as u64 * 10 + (at * 3 + shift) % 10))
                .collect();
            self.tables[place].sort_by_key(|(_, alias)| *alias);
            self.tables[place].dedup_by_key(|(_, alias)| *alias);
        }
        for place in 0..3 {
            let metrics: Vec<Metric> = self.tables[place]
                .clone()
                .iter()
                .map(|(name, alias)| named(name, *alias, self.value(place, name)))
                .collect();
            let sent = match place {
                0 => self.stage.node.nbirth(metrics),
                _ => self.stage.node.dbirth(DEVICES[place - 1], metrics),
            };
            birth.push(sent);
        }
        let session = self.stage.node.bd_seq;
        for (place, sent) in birth.into_iter().enumerate() {
            let parcel = Parcel { sent, birth_of: (place == 0).then_some(session), death_of: None };
            self.send(parcel, if place == 0 { fate } else { Fate::Comes });
        }
        self.sure = 3;
    }

    fn send(&mut self, parcel: Parcel, fate: Fate) {
        if parcel.birth_of.is_some() {
            self.deliver_births();
        }
        let is_sure = self.sure > 0 || (parcel.birth_of.is_some() && self.in_step < 3);
        self.sure = self.sure.saturating_sub(1);
        match fate {
            Fate::IsHeld if !is_sure => self.held.push(parcel),
            Fate::IsLost if !is_sure => {}
            Fate::ComesTwice => {
                self.arrive(&parcel);
                self.arrive(&parcel);
            }
            Fate::Comes | Fate::IsHeld | Fate::IsLost => self.arrive(&parcel),
        }
    }

    /// MQTT keeps the order of a topic, so births do not overtake each other: those that are held come first. One that came
    /// after a newer one would be taken for a clock that was set back, and with a lost birth its numbers can fit.
    fn deliver_births(&mut self) {
        let (births, held) = self.held.drain(..).partition(|parcel| parcel.birth_of.is_some());
        self.held = held;
        let births: Vec<Parcel> = births;
        births.iter().for_each(|birth| self.arrive(birth));
    }

    fn arrive(&mut self, parcel: &Parcel) {
        if parcel.death_of.is_some() && parcel.death_of == self.standing {
            self.dead = true;
        }
        let told = self.stage.take(&parcel.sent);
        self.in_step = if parcel.birth_of.is_none() && told.contains('=') { self.in_step + 1 } else { 0 };
        if parcel.birth_of.is_some() && told.contains("online") {
            (self.standing, self.dead) = (parcel.birth_of, false);
        }
        self.check(&told);
    }

    /// What was told is what was meant.
    fn check(&mut self, told: &str) {
        for word in told.split(' ') {
            self.asked += u32::from(word == "rebirth");
            let Some((name, rest)) = word.split_once('=') else { continue };
            let number = rest.split(['!', '(']).next().unwrap_or_default();
            if number == "none" {
                assert!(rest.contains("!bad"), "{word}: nothing was measured");
                continue;
            }
            let value: u64 = number.parse().unwrap_or_else(|_| panic!("{word}"));
            assert_eq!(self.meant.get(&value).map(String::as_str), Some(name), "{word} in {told}");
            assert!(!self.dead || rest.contains("!bad"), "{word} after a death");
        }
        let due = self.stage.session.deadline();
        assert!(due.is_none_or(|due| due > self.stage.now), "{due:?} is overdue at {}", self.stage.now);
    }

    fn data(&mut self, device: Option<usize>, which: usize, name_it: bool, fate: Fate) {
        let place = device.map_or(0, |device| device + 1);
        let Some((name, alias)) = self.tables[place].get(which % self.tables[place].len().max(1)).cloned()
        else {
            return;
        };
        let value = self.value(place, &name);
        let metrics = vec![if name_it { by_name(&name, value) } else { aliased(alias, value) }];
        let sent = match device {
            None => self.stage.node.ndata(metrics),
            Some(device) => self.stage.node.ddata(DEVICES[device], metrics),
        };
        self.send(Parcel { sent, birth_of: None, death_of: None }, fate);
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Data { device, which, by_name, fate } => self.data(device, which, by_name, fate),
            Action::Births { shift, len, fate } => self.births(shift, len, fate),
            Action::Reconnect { will, shift } => {
                let death = Parcel {
                    sent: self.stage.node.ndeath(),
                    birth_of: None,
                    death_of: Some(self.stage.node.bd_seq),
                };
                // QoS 1: it may be late or come twice, and is not lost.
                self.send(death, if will == Fate::IsLost { Fate::IsHeld } else { will });
                self.stage.node.bd_seq += 1;
                self.births(shift, 4, Fate::Comes);
            }
            Action::DeviceDies { device, fate } => {
                let sent = self.stage.node.ddeath(DEVICES[device]);
                self.tables[device + 1].clear();
                self.send(Parcel { sent, birth_of: None, death_of: None }, fate);
            }
            Action::Wait { ms } => {
                self.stage.node.now_ms += ms;
                let told = self.stage.wait(ms);
                self.check(&told);
            }
            Action::Arrive { from } => {
                if from < self.held.len() {
                    let parcel = self.held.remove(from);
                    self.arrive(&parcel);
                }
            }
        }
    }

    /// The network is whole again: whatever happened, the edge node is in step within a few requests.
    fn heal(&mut self) {
        self.held.clear();
        for _ in 0..6 {
            let asked = self.asked;
            self.data(None, 0, false, Fate::Comes);
            for _ in 0..2 {
                self.stage.node.now_ms += 10_000;
                let told = self.stage.wait(10_000);
                self.check(&told);
            }
            if self.asked > asked {
                self.births(1, 4, Fate::Comes);
            }
        }
        assert!(self.stage.session.is_alive(), "{:?}", self.stage.session);
        let (name, alias) = self.tables[0][0].clone();
        let value = self.value(0, &name);
        let last = self.stage.node.ndata(vec![aliased(alias, value)]);
        assert_eq!(self.stage.take(&last), format!("{name}={value}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_metric_is_ever_another_nothing_is_good_after_a_death_and_all_heals(
        actions in proptest::collection::vec(action(), 1..200),
    ) {
        let mut world = World::new();
        world.births(0, 4, Fate::Comes);
        for action in actions {
            world.act(action);
        }
        world.heal();
    }
}
