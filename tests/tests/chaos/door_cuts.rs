//! Between gateway and door: cut after each byte of CONNECT, CONNACK, PUBLISH and PUBACK, in both versions of MQTT.

use std::collections::BTreeMap;

use davy_tests::{
    Davy,
    mqtt::Version,
    proxy::{Cut, How, Proxy, Way},
};

use crate::plant::{Plant, Sender, end_well};

const PLANT: Plant = Plant { nodes: 1, tags_each: 1 };
/// Of so many bytes, one is where the connection falls silent: finding that takes seconds.
const HOLE_ONE_OF: usize = 48;
/// What is cut, and whether it comes only at the beginning of a connection.
const PACKETS: [(Way, u8, bool); 4] =
    [(Way::Up, 1, true), (Way::Down, 2, true), (Way::Up, 3, false), (Way::Down, 4, false)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_cut_off_after_any_byte_loses_nothing() {
    let setup = PLANT.setup("");
    let server = Davy::serve(&setup.config()).await;
    let proxy = Proxy::start(server.door().await).await;
    let mut sent = Vec::new();
    let mut holes = 0;
    for version in [Version::V311, Version::V5] {
        let mut sender = Sender::new(proxy.addr(), version, 0);
        let lengths = lengths(&proxy, &mut sender).await;
        for (way, packet, first) in PACKETS {
            for after in 0..=lengths[&packet] {
                let hole = (after % HOLE_ONE_OF == 1).then_some(How::Hole);
                for how in [How::Fin, How::Reset].into_iter().chain(hole) {
                    if first {
                        sender.drop_connection();
                    }
                    let before = proxy.cuts();
                    proxy.cut(Cut { way, packet, after, how });
                    sender.deliver(0).await;
                    assert_eq!(proxy.cuts(), before + 1, "type {packet} after {after}: not cut");
                    holes += usize::from(how == How::Hole);
                }
            }
        }
        sent.extend(sender.acknowledged);
    }
    println!(
        "chaos: {} cuts between gateway and door, {holes} of them silent; {} messages, none lost, none judged twice",
        proxy.cuts(),
        sent.len()
    );
    assert!(proxy.cuts() >= 500, "{} cuts", proxy.cuts());
    end_well(server, &setup, &PLANT, &sent).await;
}

/// How long a packet of each type is, seen on a connection that nothing happens to.
async fn lengths(proxy: &Proxy, sender: &mut Sender) -> BTreeMap<u8, usize> {
    proxy.remember();
    sender.deliver(0).await;
    proxy.passed().iter().map(|(_, packet)| (packet[0] >> 4, packet.len())).collect()
}
