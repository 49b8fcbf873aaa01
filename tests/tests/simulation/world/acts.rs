//! What a scenario makes happen, and the calm after it.

use std::{sync::Arc, time::Duration};

use davy_intake::Ack;
use davy_model::{Actor, AlarmKey, Command, CommandKind, Input};

use super::{BEGIN_US, Event, World};
use crate::{
    disk::{Fault, Salt},
    gateway::Gateway,
    scenario::{Act, Node},
    site::NODES,
};

impl World<'_> {
    pub(super) fn act(&mut self, act: Act) -> Result<(), String> {
        let true_ms = (BEGIN_US + self.now_us as i64) / 1000;
        let since_ms = self.now_us as i64 / 1000;
        match act {
            Act::Say(node, values) => self.gateway(node).say(true_ms, since_ms, &values),
            Act::Junk(node) => self.gateway(node).say_junk(true_ms),
            Act::Twice(node) => self.gateway(node).twice = true,
            Act::Swap(node) => {
                let outbox = &mut self.gateway(node).outbox;
                if outbox.len() > 1 {
                    outbox.swap(0, 1);
                }
            }
            Act::Clock { node, offset_ms, drift_ppm } => {
                let gateway = self.gateway(node);
                (gateway.offset_ms, gateway.drift_ppm) = (offset_ms, drift_ppm);
            }
            Act::Delay(node, ms) => self.gateway(node).delay_us = ms * 1000,
            Act::Cut { node, after, back: false } => self.gateway(node).cut_there = Some(after),
            Act::Cut { node, after, back: true } => self.gateway(node).cut_back = Some(after),
            Act::Down(node, ms) => {
                let until_us = self.now_us + ms * 1000;
                let place = self.place_of(node);
                self.gateways[place].down_until_us = until_us;
                self.cut(place);
            }
            Act::Goodbye(node) => self.gateway(node).leaves = true,
            Act::Operator { site, rule, tag, what } => self.command(site, &rule, &tag, &what),
            Act::Kill(0) => self.die(None),
            Act::Kill(after) => {
                self.power = None;
                self.disk.die_in(after);
            }
            Act::Power { after: 0, salt } => self.die(Some(Salt(salt))),
            Act::Power { after, salt } => {
                self.power = Some(Salt(salt));
                self.disk.die_in(after);
            }
            Act::Stop => self.stop(),
            Act::Disk(fault, times) => {
                let fault = match fault.as_str() {
                    "write" => Fault::Write,
                    "short" => Fault::Short,
                    "sync" => Fault::Sync,
                    "cut" => Fault::Cut,
                    other => return Err(format!("no fault of a disk: {other}")),
                };
                self.disk.fail(fault, times);
            }
            Act::Full(full) => self.disk.set_full(full),
            Act::Machine { step_ms, drift_ppm } => {
                self.machine_step_us = step_ms * 1000;
                self.machine_drift_ppm = drift_ppm;
            }
            Act::Subscriber { site, number, ms } => {
                let until_us = self.now_us + ms * 1000;
                let place = site * 2 + number;
                self.subscribers[place].die(until_us);
                self.order(until_us, Event::Subscribe(place));
            }
        }
        Ok(())
    }

    pub(super) fn place_of(&self, node: Node) -> usize {
        node.site * NODES + node.node
    }

    pub(super) fn gateway(&mut self, node: Node) -> &mut Gateway {
        let place = self.place_of(node);
        &mut self.gateways[place]
    }

    /// Faults are over; devices measure what is normal.
    pub(super) fn calm_down(&mut self) {
        self.say(|| "calm".to_owned());
        self.calm = true;
        self.disk.mend();
        self.machine_step_us = 0;
        self.machine_drift_ppm = 0;
        for place in 0..self.gateways.len() {
            let gateway = &mut self.gateways[place];
            gateway.offset_ms = 0;
            gateway.drift_ppm = 0;
            gateway.delay_us = 5_000;
            gateway.down_until_us = 0;
            gateway.cut_there = None;
            gateway.cut_back = None;
            gateway.leaves = false;
            if gateway.conn.is_none() {
                self.order_in(50_000, Event::Connect(place));
            }
        }
        for place in 0..self.subscribers.len() {
            self.subscribers[place].away_until_us = 0;
            self.order_in(100_000, Event::Subscribe(place));
        }
        self.say_calmly();
    }

    pub(super) fn say_calmly(&mut self) {
        let (true_ms, since_ms) = ((BEGIN_US + self.now_us as i64) / 1000, self.now_us as i64 / 1000);
        let values = ["p=20", "l=50", "q=10"].map(|value| value.parse().expect("a value"));
        self.gateways.iter_mut().for_each(|gateway| gateway.say(true_ms, since_ms, &values));
    }

    pub(super) fn command(&mut self, site: usize, rule: &str, tag: &str, what: &str) {
        self.commands += 1;
        let comment = format!("command {}", self.commands);
        let kind = match what {
            "acknowledge" => CommandKind::Acknowledge,
            "reset" => CommandKind::Reset,
            "unshelve" => CommandKind::Unshelve,
            _ => CommandKind::Shelve { duration: Duration::from_secs(25), one_shot: false },
        };
        let actor = Actor {
            name: "operator".into(),
            approved_by: Some("second".into()),
            comment: comment.as_str().into(),
        };
        let alarm = AlarmKey { site: format!("s{site}").into(), rule: rule.into(), subject: tag.into() };
        let command = Command { alarm, occurrence: None, actor, kind, request_id: "".into() };
        let Some(house) = &self.house else { return };
        let answers = Arc::clone(&self.answers);
        let of = format!("s{site}");
        let ack = Ack::Call(Box::new(move |answer| answers.lock().push((of, comment, answer.is_ok()))));
        house.sites[site].put(Input::Command(command), ack);
        self.order_judge(site);
    }
}
