//! A disk that is really full, and then no longer: with no room at all, and with a little left for the first writes.

use davy_tests::Davy;

use crate::{fault::Bench, script::setup, small_disk::Room};

/// Room left when the disk is filled, bytes: the journal fails at another write each time.
const LEFT: &[u64] = &[4096, 8192, 12_288, 20_480, 49_152, 131_072];

#[tokio::test]
async fn a_full_disk_stops_acknowledgements_and_no_alarm() {
    let setup = setup();
    let mut room = Room::make(&setup);
    let server = started(&room, &setup).await;
    let mut bench = Bench::with(setup, server).await;
    for &left in LEFT {
        println!("{left} bytes left");
        bench.fills(&mut room, left).await;
        let open = bench.fails_loudly().await;
        room.give_back(Some(&bench.server));
        bench.recovers(open).await;
    }
    println!("full disks: {}", LEFT.len());
    bench.ends().await;
}

#[tokio::test]
async fn killed_on_a_full_disk_it_has_what_it_acknowledged() {
    for &left in &[4096, 20_480] {
        let setup = setup();
        let mut room = Room::make(&setup);
        let server = started(&room, &setup).await;
        let mut bench = Bench::with(setup, server).await;
        bench.fills(&mut room, left).await;
        bench.fails_loudly().await;
        bench.server.kill();
        // Whether it can begin on a full disk depends on what is left of it. It must not harm anything.
        let mut again = Davy::start_under(&room.wrapper(), &bench.setup.config());
        let begun = again.listens_or_ends().await;
        println!("started again on the full disk: {}", if begun { "it serves" } else { "it ended" });
        if !begun {
            let code = again.ended(davy_tests::LONG).await;
            assert!(code == 1 && again.log().contains("full"), "{code}\n{}", again.log());
        }
        again.kill();
        room.give_back(None);
        bench.killed().await;
    }
}

/// On such a disk it dies of SIGBUS when the disk is full, and can do nothing about it.
#[tokio::test]
async fn a_disk_with_blocks_smaller_than_a_page_is_warned_of() {
    for (block, warned) in [("1024", true), ("4096", false)] {
        let setup = setup();
        let room = Room::with_blocks(&setup, block);
        if matches!(room, Room::FileLength) {
            return;
        }
        let mut server = started(&room, &setup).await;
        assert_eq!(server.log().contains("blocks smaller than a page"), warned, "{}", server.log());
        assert_eq!(server.stop().await, 0);
    }
}

async fn started(room: &Room, setup: &davy_tests::Setup) -> Davy {
    let mut server = Davy::start_under(&room.wrapper(), &setup.config());
    server.until_it_listens().await;
    server
}
