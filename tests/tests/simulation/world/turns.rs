//! Davy's process: its start and end, and the turns of its halves, of its heartbeats and of its subscribers.

use std::time::Duration;

use davy_intake::Ack;
use davy_journal::Cursor;
use davy_model::{Input, Timestamp};
use davy_server::{RecoverError, line::Progress};

use super::{Event, SECOND_US, World};
use crate::{
    disk::Salt,
    house::{Broken, House},
    subscriber::Subscriber,
};

impl World<'_> {
    pub(super) fn start(&mut self) -> Result<(), String> {
        if self.house.is_some() {
            return Ok(());
        }
        let mono = Duration::from_micros(self.now_us);
        let started = House::start(&self.places, self.loaded, mono, self.system());
        if self.disk.is_dead() {
            drop(started);
            self.die(self.power);
            return Ok(());
        }
        match started {
            Ok(house) => {
                self.life += 1;
                self.house = Some(house);
                self.say(|| "Davy is up".to_owned());
                let life = self.life;
                for site in 0..self.scenario.sites {
                    self.order_in(1_000, Event::Judge { life, site });
                }
                self.order_in(5 * SECOND_US, Event::Beat { life });
                for place in 0..self.subscribers.len() {
                    self.order_in(20_000, Event::Subscribe(place));
                }
                Ok(())
            }
            // Whoever starts Davy tries again.
            Err(RecoverError::Journal(error)) if error.is_retryable() => {
                self.say(|| format!("Davy does not start: {error}"));
                self.order_in(SECOND_US, Event::Start);
                Ok(())
            }
            Err(error) => Err(format!("Davy cannot take up its journal: {error}")),
        }
    }

    /// The process is gone, with all that was not on disk.
    pub(super) fn die(&mut self, power: Option<Salt>) {
        self.say(|| format!("Davy dies{}", if power.is_some() { ", the power is cut" } else { "" }));
        self.disk.die();
        self.house = None;
        self.subscribers.iter_mut().for_each(Subscriber::lose);
        self.disk.rise(power);
        self.power = None;
        self.forget_connections();
        self.order_in(700_000, Event::Start);
    }

    pub(super) fn stop(&mut self) {
        let Some(house) = self.house.take() else { return };
        self.subscribers.iter_mut().for_each(Subscriber::lose);
        let now = house.now();
        let House { links, sites, .. } = house;
        drop(links);
        let ends: Vec<Result<(), Broken>> = sites.into_iter().map(|site| site.stop(now)).collect();
        if self.disk.is_dead() {
            return self.die(self.power);
        }
        self.say(|| format!("Davy is stopped: {ends:?}"));
        self.disk.rise(None);
        self.forget_connections();
        self.order_in(700_000, Event::Start);
    }

    pub(super) fn judge(&mut self, site: usize, ticks: bool) -> Result<(), String> {
        let life = self.life;
        let Some(house) = &mut self.house else { return Ok(()) };
        let now = house.clock.lock().now();
        house.sites[site].judging = false;
        match house.sites[site].judge(now, ticks) {
            Ok(true) => self.order_in(0, Event::Flush { life, site }),
            Ok(false) => {}
            Err(broken) => return self.broken(broken),
        }
        self.wake_for_deadline(site);
        Ok(())
    }

    pub(super) fn wake_for_deadline(&mut self, site: usize) {
        let life = self.life;
        let Some(house) = &mut self.house else { return };
        let now = house.clock.lock().now();
        let due = house.sites[site].line.next_deadline();
        if due == house.sites[site].deadline {
            return;
        }
        house.sites[site].deadline = due;
        if let Some(at) = due {
            let wait_us = at.since(now).as_micros() as u64;
            self.order_in(wait_us, Event::Deadline { life, site, at });
        }
    }

    pub(super) fn deadline(&mut self, site: usize, at: Timestamp) -> Result<(), String> {
        let life = self.life;
        let Some(house) = &mut self.house else { return Ok(()) };
        if house.sites[site].deadline != Some(at) {
            return Ok(());
        }
        let now = house.clock.lock().now();
        if now < at || house.sites[site].is_blocked() {
            let wait_us = at.since(now).as_micros() as u64;
            self.order_in(wait_us.max(1_000), Event::Deadline { life, site, at });
            return Ok(());
        }
        house.sites[site].deadline = None;
        self.judge(site, true)
    }

    pub(super) fn flush(&mut self, site: usize) {
        let life = self.life;
        let Some(house) = &mut self.house else { return };
        if house.sites[site].flushing {
            return;
        }
        house.sites[site].flush();
        if self.disk.is_dead() {
            return self.die(self.power);
        }
        self.order_in(3_000, Event::Settle { life, site });
    }

    pub(super) fn settle(&mut self, site: usize) -> Result<(), String> {
        let life = self.life;
        let Some(house) = &mut self.house else { return Ok(()) };
        let progress = house.sites[site].settle();
        if self.disk.is_dead() {
            self.die(self.power);
            return Ok(());
        }
        match progress {
            Ok((Progress::Idle, false)) => {}
            Ok((Progress::Idle, true) | (Progress::Durable, _)) => {
                self.order_in(0, Event::Flush { life, site });
            }
            Ok((Progress::Failing(error), _)) => {
                self.say(|| format!("the disk fails: {error}"));
                self.order_in(500_000, Event::Flush { life, site });
            }
            Err(broken) => return self.broken(broken),
        }
        self.order_judge(site);
        Ok(())
    }

    pub(super) fn order_judge(&mut self, site: usize) {
        let life = self.life;
        let Some(house) = &mut self.house else { return };
        if !std::mem::replace(&mut house.sites[site].judging, true) {
            self.order_in(1_000, Event::Judge { life, site });
        }
    }

    /// What the process says before it ends by itself.
    pub(super) fn broken(&mut self, broken: Broken) -> Result<(), String> {
        if self.disk.is_dead() {
            self.die(self.power);
            return Ok(());
        }
        match broken {
            Broken::Judge(error) => Err(format!("the log cannot be judged: {error}")),
            Broken::Journal(error) => Err(format!("the journal is given up: {error}")),
        }
    }

    pub(super) fn beat(&mut self) {
        let life = self.life;
        let Some(house) = &mut self.house else { return };
        for site in &mut house.sites {
            if site.put(Input::Heartbeat(site.beats + 1), Ack::None) {
                site.beats += 1;
            }
        }
        for site in 0..self.scenario.sites {
            self.order_judge(site);
        }
        self.order_in(5 * SECOND_US, Event::Beat { life });
    }

    pub(super) fn subscribe(&mut self, place: usize) {
        let subscriber = &mut self.subscribers[place];
        let Some(house) = self.house.as_ref().filter(|_| !subscriber.is_following()) else { return };
        if subscriber.away_until_us > self.now_us {
            return;
        }
        let line = &house.sites[subscriber.site].line;
        let after = match subscriber.consumer() {
            Some(name) => match line.cursor(&name) {
                Ok(cursor) => cursor.map_or(0, |cursor| cursor.sequence),
                Err(_) => return self.order_in(SECOND_US, Event::Subscribe(place)),
            },
            None => subscriber.stored,
        };
        subscriber.subscribe(line.feed(), after);
    }

    pub(super) fn deal(&mut self) -> Result<(), String> {
        for number in 0..self.subscribers.len() {
            let subscriber = &mut self.subscribers[number];
            let (site, disk) = (subscriber.site, self.disk);
            let fails = self.house.as_ref().is_some_and(|house| house.sites[site].failing);
            let dealt = subscriber.deal(&self.places[site], fails, || disk.is_dead())?;
            let Some(sequence) = dealt else { continue };
            let Some(name) = subscriber.consumer() else {
                subscriber.stored = sequence;
                continue;
            };
            let Some(house) = &mut self.house else { return Ok(()) };
            let at = house.clock.lock().now();
            if house.sites[site].flushing {
                continue;
            }
            // A disk that fails now may not fail next time.
            if house.sites[site].line.confirm(&Cursor { name, sequence, at }).is_ok() {
                self.subscribers[number].stored = sequence;
            }
            if self.disk.is_dead() {
                self.die(self.power);
                return Ok(());
            }
        }
        Ok(())
    }
}
