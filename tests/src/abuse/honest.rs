//! Those who mean well: gateways that publish at a steady rate, one who hears every alarm, one who asks for lists.

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use davy_proto::v1::alert_service_subscribe_response::Event;
use davy_server::rpc::v1::{
    alarm_service_client::AlarmServiceClient, alert_service_client::AlertServiceClient,
};
use jiff::Timestamp;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, MissedTickBehavior, interval, timeout},
};
use tonic::transport::{Channel, Endpoint};

use super::house::{GATEWAYS, PLANT, list, password, subscription};
use crate::{
    LONG,
    mqtt::{Login, Mqtt, Packet, Version},
};

/// A message of each gateway's, and a list, every so often.
const EVERY: Duration = Duration::from_millis(20);
/// So many readings on one side of the limit, and then so many on the other.
const RUN: u64 = 5;

/// How long those who mean well waited, each time, in no order.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    /// For the PUBACK of a reading.
    pub pubacks: Vec<Duration>,
    /// For a list of alarms.
    pub lists: Vec<Duration>,
    /// For the alert, from the reading that raised or cleared.
    pub alerts: Vec<Duration>,
    /// Alarms raised and cleared that the gateways caused.
    pub changes: u64,
}

impl Waits {
    /// The p99 of some of these.
    ///
    /// # Panics
    /// When there is none.
    pub fn p99(waits: &[Duration]) -> Duration {
        let mut sorted = waits.to_vec();
        sorted.sort_unstable();
        sorted[(sorted.len() - 1) * 99 / 100]
    }
}

/// Honest load, until it is asked to end.
#[derive(Debug)]
pub struct Honest {
    stop: watch::Sender<bool>,
    gateways: Vec<JoinHandle<(Vec<Duration>, Vec<Instant>)>>,
    lister: JoinHandle<Vec<Duration>>,
    listener: JoinHandle<Vec<(String, Instant)>>,
    expected: watch::Sender<Option<u64>>,
}

impl Honest {
    /// Begins.
    ///
    /// # Panics
    /// When one of them is not let in.
    pub(super) async fn begin(http: SocketAddr, door: SocketAddr) -> Honest {
        let channel = dial(http).await;
        let (stop, stopped) = watch::channel(false);
        let (expected, expecting) = watch::channel(None);
        let mut heard = AlertServiceClient::new(channel.clone())
            .subscribe(subscription())
            .await
            .expect("the viewer may hear")
            .into_inner();
        let listener = tokio::spawn(async move {
            let (mut ids, mut alerts, mut expecting) = (BTreeSet::new(), Vec::new(), expecting);
            loop {
                let wanted = expecting.borrow().unwrap_or(u64::MAX);
                if alerts.len() as u64 >= wanted {
                    return alerts;
                }
                tokio::select! {
                    event = heard.message() => {
                        let event = event.expect("the stream holds").expect("the stream goes on").event;
                        if let Some(Event::Alert(alert)) = event.filter(of_a_gas) {
                            assert!(ids.insert(alert.id.clone()), "{} was told twice", alert.id);
                            alerts.push((alert.alarm, Instant::now()));
                        }
                    }
                    _ = expecting.changed() => {}
                }
            }
        });
        let mut gateways = Vec::new();
        for name in GATEWAYS {
            gateways.push(tokio::spawn(publish(name, door, stopped.clone())));
        }
        let lister = tokio::spawn(ask(channel, stopped));
        Honest { stop, gateways, lister, listener, expected }
    }

    /// Ends, and tells how long they waited; and how many readings were acknowledged.
    ///
    /// # Panics
    /// When one of them was cut off or refused, or an alarm was not heard.
    pub async fn end(self) -> (Waits, u64) {
        self.stop.send(true).expect("they listen");
        let (mut waits, mut acknowledged, mut caused) = (Waits::default(), 0, Vec::new());
        for gateway in self.gateways {
            let (pubacks, changes) = gateway.await.expect("a gateway was served to its end");
            acknowledged += pubacks.len() as u64;
            waits.pubacks.extend(pubacks);
            waits.changes += changes.len() as u64;
            caused.push(changes);
        }
        waits.lists = self.lister.await.expect("the lister was served to its end");
        self.expected.send(Some(waits.changes)).expect("the listener listens");
        let heard = timeout(LONG, self.listener)
            .await
            .expect("every alarm is heard")
            .expect("the listener was served");
        assert_eq!(heard.len() as u64, waits.changes, "each alarm is heard once");
        for (name, caused) in GATEWAYS.iter().zip(caused) {
            let alarm = format!("{PLANT}:high:T-{name}");
            let heard = heard.iter().filter(|(about, _)| *about == alarm);
            // In a site alerts come in their order.
            waits.alerts.extend(heard.zip(caused).map(|((_, heard), caused)| heard.duration_since(caused)));
        }
        (waits, acknowledged)
    }
}

/// Whether an event is one of the gases': a gateway's own silence is another matter.
fn of_a_gas(event: &Event) -> bool {
    matches!(event, Event::Alert(alert) if alert.alarm.starts_with(&format!("{PLANT}:high:")))
}

pub(super) async fn dial(http: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{http}")).expect("an address");
    endpoint.connect().await.expect("davy listens")
}

fn ticks() -> tokio::time::Interval {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Publishes until it is told to stop; how long each PUBACK took, and when it sent what raised and cleared its alarm.
async fn publish(
    name: &'static str,
    door: SocketAddr,
    stopped: watch::Receiver<bool>,
) -> (Vec<Duration>, Vec<Instant>) {
    let password = password(name);
    let login = Login { id: name, user: Some((name, &password)) };
    let mut mqtt = Mqtt::connect(door, Version::V311, login).await.expect("a gateway is let in");
    let (mut waits, mut changes) = (Vec::new(), Vec::new());
    let (mut ticks, mut number, mut past) = (ticks(), 0u64, false);
    while !*stopped.borrow() || past {
        ticks.tick().await;
        // The last word is that all is well, so that the next load begins as this one did.
        let ends = *stopped.borrow();
        let is_past = !ends && number / RUN % 2 == 1;
        let value = if is_past { 9.0 } else { 1.0 };
        let payload =
            format!(r#"{{"readings":[{{"tag":"T-{name}","value":{value},"ts":"{}"}}]}}"#, Timestamp::now());
        let began = Instant::now();
        if is_past != past {
            changes.push(began);
        }
        (past, number) = (is_past, number + 1);
        let id = mqtt
            .publish(&format!("davy/v1/{PLANT}/{name}/readings"), payload.as_bytes())
            .await
            .expect("sent");
        let packet =
            timeout(LONG, mqtt.next()).await.expect("a PUBACK in time").expect("a gateway is not cut off");
        assert_eq!(packet, Packet::PubAck { id, code: 0 });
        waits.push(began.elapsed());
    }
    (waits, changes)
}

async fn ask(channel: Channel, stopped: watch::Receiver<bool>) -> Vec<Duration> {
    let (mut client, mut waits, mut ticks) = (AlarmServiceClient::new(channel), Vec::new(), ticks());
    while !*stopped.borrow() {
        ticks.tick().await;
        let began = Instant::now();
        let answer = timeout(LONG, client.list(list())).await.expect("an answer in time");
        answer.expect("whoever is known is answered");
        waits.push(began.elapsed());
    }
    waits
}
