//! Many boxes at once, one of which stops in the middle of a frame.

use std::fmt::Write;

use davy_tests::{Davy, LONG, Setup, wait_until};
use tokio::task::JoinSet;

use crate::{
    boxes::{Frame, Station},
    figure,
};

const BOXES: u32 = 200;

/// A site with one edge node and one tag a box.
fn park() -> Setup {
    let (mut site, mut sources) =
        ("site: works\ntitle: {en: Works}\nedge_nodes:\n".to_owned(), "sources:\n".to_owned());
    let mut tags = "tag,quantity,unit,interval,edge_node,sent_as\n".to_owned();
    for number in 0..BOXES {
        writeln!(site, "  - {{id: stack-{number}}}").expect("memory takes it");
        writeln!(sources, "  - {{hj212: B{number}, edge_node: stack-{number}}}").expect("memory takes it");
        writeln!(tags, "S{number}/so2,gas.so2,mg/m3,1m,stack-{number},a21026").expect("memory takes it");
    }
    let mut setup = Setup::new();
    setup.site("works", &[("site.yaml", &(site + &sources)), ("tags.csv", &tags)]);
    setup.configure("[hj212]\nlisten = \"127.0.0.1:0\"\n");
    setup
}

#[tokio::test]
async fn two_hundred_boxes_are_answered_and_one_that_stops_in_a_frame_holds_up_nobody() {
    let mut davy = Davy::serve(&park().config()).await;
    let addr = davy.hj212().await;
    // The first one says half of what it has to say, and then nothing.
    let (mut slow, late) = (Station::connect(addr).await, Frame::now("B0", 0, 7.0));
    let (head, tail) = late.bytes().split_at(late.bytes().len() / 2);
    slow.send(head).await;
    let mut others = JoinSet::new();
    for number in 1..BOXES {
        others.spawn(async move {
            let mut station = Station::connect(addr).await;
            for round in 0..3 {
                let frame = Frame::new(&format!("B{number}"), number, 60 - 10 * i64::from(round), 5.0);
                station.send(frame.bytes()).await;
                assert_eq!(station.answer().await, frame.ack(), "B{number}, round {round}");
            }
            station
        });
    }
    let others = others.join_all().await;
    assert_eq!(figure(&davy, "davy_hj212_connections", &[]).await, f64::from(BOXES));
    let judged = 3.0 * f64::from(BOXES - 1);
    let is_judged = async |want: f64| {
        wait_until(&format!("{want} readings are judged"), LONG, async || {
            (figure(&davy, "davy_readings_judged_total", &[]).await == want).then_some(())
        })
        .await;
    };
    is_judged(judged).await;
    // It goes on where it stopped.
    slow.send(tail).await;
    assert_eq!(slow.answer().await, late.ack());
    is_judged(judged + 1.0).await;
    assert_eq!(figure(&davy, "davy_hj212_refused_total", &[]).await, 0.0);
    drop(others);
    assert_eq!(davy.stop().await, 0);
    davy.check_account();
}
