//! Connections: bytes that take their time, keep their order, and are cut anywhere.

use super::{Event, World};
use crate::link::{Link, Stands};

impl World<'_> {
    pub(super) fn link(&mut self, conn: u64) -> Option<&mut (u64, usize, Link)> {
        self.house.as_mut()?.links.iter_mut().find(|(number, ..)| *number == conn)
    }

    pub(super) fn forget_connections(&mut self) {
        for place in 0..self.gateways.len() {
            if let Some(conn) = self.gateways[place].conn {
                self.order_in(2_000, Event::LostThere { gateway: place, conn });
            }
        }
    }

    pub(super) fn connect(&mut self, place: usize) {
        let gateway = &self.gateways[place];
        if gateway.conn.is_some() {
            return;
        }
        let away = gateway.down_until_us > self.now_us;
        let delay_us = gateway.delay_us;
        let Some(house) = self.house.as_mut().filter(|_| !away) else {
            return self.order_in(400_000, Event::Connect(place));
        };
        self.conns += 1;
        let conn = self.conns;
        let link = Link::new(&house.door, &format!("{}", gateway.node));
        house.links.push((conn, place, link));
        self.arrivals.insert((conn, true), self.now_us + delay_us);
        self.arrivals.insert((conn, false), self.now_us + delay_us);
        self.gateways[place].connected(conn);
    }

    /// The connection is gone: each side notices after a while.
    pub(super) fn cut(&mut self, place: usize) {
        let Some(conn) = self.gateways[place].conn else { return };
        self.gateways[place].is_cut = true;
        let delay_us = self.gateways[place].delay_us;
        let here = self.arrivals.get(&(conn, true)).copied().unwrap_or(0).max(self.now_us) + delay_us;
        self.order(here, Event::LostHere { conn });
        self.order_in(delay_us, Event::LostThere { gateway: place, conn });
    }

    pub(super) fn send(&mut self, place: usize) {
        let gateway = &mut self.gateways[place];
        let Some(conn) = gateway.conn else { return };
        let mut bytes = gateway.send();
        if bytes.is_empty() {
            return;
        }
        let cut = gateway.cut_there.filter(|left| bytes.len() > *left);
        if let Some(left) = &mut gateway.cut_there {
            *left = left.saturating_sub(bytes.len());
        }
        bytes.truncate(cut.unwrap_or(bytes.len()));
        let at_us = self.arrives(conn, true, place);
        self.order(at_us, Event::Arrive { conn, bytes });
        if cut.is_some() {
            self.cut(place);
        }
    }

    /// TCP keeps the order of what it delivers.
    pub(super) fn arrives(&mut self, conn: u64, here: bool, place: usize) -> u64 {
        let delay_us = self.gateways[place].delay_us;
        let last = self.arrivals.entry((conn, here)).or_default();
        *last = (*last).max(self.now_us + delay_us);
        *last
    }

    pub(super) fn answer(&mut self) {
        let Some(house) = &mut self.house else { return };
        let stands: Vec<_> =
            house.links.iter_mut().map(|(conn, place, link)| (*conn, *place, link.step())).collect();
        for (conn, place, stands) in stands {
            match stands {
                Stands::Open(bytes) if bytes.is_empty() => {}
                Stands::Open(mut bytes) => {
                    let gateway = &mut self.gateways[place];
                    let cut = gateway.cut_back.filter(|left| bytes.len() > *left);
                    if let Some(left) = &mut gateway.cut_back {
                        *left = left.saturating_sub(bytes.len());
                    }
                    bytes.truncate(cut.unwrap_or(bytes.len()));
                    let at_us = self.arrives(conn, false, place);
                    self.order(at_us, Event::Answer { gateway: place, conn, bytes });
                    if cut.is_some() {
                        self.cut(place);
                    }
                }
                Stands::Refused => self.order_in(2_000, Event::LostThere { gateway: place, conn }),
                Stands::Gone => {
                    if let Some(house) = &mut self.house {
                        house.links.retain(|(number, ..)| *number != conn);
                    }
                    self.order_in(2_000, Event::LostThere { gateway: place, conn });
                }
            }
        }
    }
}
