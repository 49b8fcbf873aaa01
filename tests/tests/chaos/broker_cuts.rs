//! Between Davy and Mosquitto: cut after each byte of CONNECT, CONNACK, SUBSCRIBE, SUBACK, PUBLISH and PUBACK.

use davy_tests::{
    Davy, LONG, Mosquitto,
    mqtt::Version,
    proxy::{Cut, How, Proxy, Way},
    wait_until,
};

use crate::plant::{Plant, Sender, end_well, judged};

const PLANT: Plant = Plant { nodes: 1, tags_each: 1 };

/// A type of packet to be cut, and which way it goes.
struct Target {
    way: Way,
    packet: u8,
    /// It comes only at the beginning of a connection, so the one there is is ended first.
    first: bool,
}

const fn target(way: Way, packet: u8, first: bool) -> Target {
    Target { way, packet, first }
}

#[tokio::test]
async fn davy_cut_off_from_the_broker_while_it_connects_loses_nothing() {
    cut_each_byte(&[target(Way::Up, 1, true), target(Way::Down, 2, true)]).await;
}

#[tokio::test]
async fn davy_cut_off_from_the_broker_while_it_subscribes_or_acknowledges_loses_nothing() {
    cut_each_byte(&[target(Way::Down, 9, true), target(Way::Up, 4, false)]).await;
}

#[tokio::test]
async fn davy_cut_off_from_the_broker_within_any_message_loses_nothing() {
    cut_each_byte(&[target(Way::Down, 3, false)]).await;
}

/// FIN and RST take turns, so that each byte has one of them.
async fn cut_each_byte(targets: &[Target]) {
    let Some(broker) = Mosquitto::start("").await else { return };
    let proxy = Proxy::start(broker.addr()).await;
    let config = format!("[broker]\nurl = \"{}\"\nclient_id = \"davy\"\n", proxy.url());
    let setup = PLANT.setup(&config);
    let server = Davy::serve(&setup.config()).await;
    wait_until("davy has subscribed", LONG, async || server.log().contains("subscribed").then_some(())).await;
    proxy.remember();
    proxy.end_all(How::Fin);
    let mut gateway = Sender::new(broker.addr(), Version::V311, 0);
    gateway.deliver(0).await;
    judged(&server, 1).await;
    let passed = proxy.passed();
    for Target { way, packet, first } in targets {
        let seen = passed.iter().find(|(found, bytes)| found == way && bytes[0] >> 4 == *packet);
        let len = seen.unwrap_or_else(|| panic!("no packet of type {packet} passed")).1.len();
        for after in 0..=len {
            let how = if after % 2 == 0 { How::Fin } else { How::Reset };
            let before = proxy.cuts();
            proxy.cut(Cut { way: *way, packet: *packet, after, how });
            if *first {
                proxy.end_all(how);
            }
            gateway.deliver(0).await;
            judged(&server, gateway.acknowledged.len()).await;
            wait_until("the cut is made", LONG, async || (proxy.cuts() > before).then_some(())).await;
        }
    }
    println!(
        "chaos: {} cuts between Davy and the broker; {} messages, none lost, none judged twice",
        proxy.cuts(),
        gateway.acknowledged.len()
    );
    end_well(server, &setup, &PLANT, &gateway.acknowledged).await;
}
