//! The life of an edge node, as a host sees it.

use std::time::Duration;

use davy_codec::sparkplug::Settings;

use crate::{
    edge_node::{EdgeNode, Metric, Sent, aliased, by_name, named},
    heard::Stage,
};

/// An edge node with one metric of its own, alias 1, and the device `d` with `ch4`, alias 2.
fn alive() -> Stage {
    let mut stage = Stage::new();
    for birth in births(&mut stage.node) {
        stage.take(&birth);
    }
    stage
}

fn births(node: &mut EdgeNode) -> [Sent; 2] {
    [node.nbirth(vec![named("volt", 1, 12.0)]), node.dbirth("d", vec![named("ch4", 2, 0.5)])]
}

#[test]
fn births_tell_names_and_data_comes_by_alias_or_by_name() {
    let mut stage = Stage::new();
    let [node, device] = births(&mut stage.node);
    assert_eq!(stage.take(&node), "online volt=12");
    assert_eq!(stage.take(&device), "d/ch4=0.5");
    let data = stage.node.ddata("d", vec![aliased(2, 0.6)]);
    assert_eq!(stage.take(&data), "d/ch4=0.6");
    let data = stage.node.ndata(vec![by_name("volt", 12.5)]);
    assert_eq!(stage.take(&data), "volt=12.5");
    assert!(stage.session.is_alive() && stage.session.is_device_alive("d"));
    assert_eq!(stage.session.deadline(), None);
}

#[test]
fn data_before_a_birth_is_refused_and_the_birth_asked_for_once() {
    let mut stage = Stage::new();
    let mut silent = stage.node.clone();
    births(&mut silent);
    let early: Vec<Sent> =
        (0..3).map(|_| silent.ddata("d", vec![aliased(2, 0.6), aliased(1, 1.0)])).collect();
    assert_eq!(stage.take(&early[0]), "SPARKPLUG_NO_BIRTH*2 rebirth");
    assert_eq!(stage.take(&early[1]), "SPARKPLUG_NO_BIRTH*2", "asked a moment ago");
    assert_eq!(stage.wait(9_999), "");
    assert_eq!(stage.wait(1), "rebirth", "it was still wanted");
    assert_eq!(stage.wait(60_000), "", "an edge node that says nothing is not asked on and on");
    assert_eq!(stage.take(&early[2]), "SPARKPLUG_NO_BIRTH*2 rebirth");
    for birth in births(&mut stage.node) {
        stage.take(&birth);
    }
    assert_eq!(stage.wait(60_000), "", "it has been born");
    let counts = stage.session.counts();
    assert_eq!((counts.rebirths_asked, counts.rebirths_held), (3, 1), "one wish waited, however long");
}

#[test]
fn a_device_has_its_own_birth_and_death() {
    let mut stage = alive();
    let data = stage.node.ddata("e", vec![by_name("x", 1.0)]);
    assert_eq!(stage.take(&data), "SPARKPLUG_NO_BIRTH*1 rebirth");
    let death = stage.node.ddeath("d");
    assert_eq!(stage.take(&death), "d/ch4=none!bad:comms_lost");
    assert!(stage.session.is_alive() && !stage.session.is_device_alive("d"));
    let data = stage.node.ndata(vec![aliased(1, 12.5)]);
    assert_eq!(stage.take(&data), "volt=12.5", "the edge node goes on");
    let data = stage.node.ddata("d", vec![aliased(2, 0.7)]);
    assert_eq!(stage.take(&data), "SPARKPLUG_NO_BIRTH*1", "asked a moment ago");
    let birth = stage.node.dbirth("d", vec![named("ch4", 2, 0.8)]);
    assert_eq!(stage.take(&birth), "d/ch4=0.8");
}

#[test]
fn the_death_of_the_edge_node_is_the_death_of_all_its_devices() {
    let mut stage = alive();
    let death = stage.node.ndeath();
    assert_eq!(stage.take(&death), "lost");
    assert!(!stage.session.is_alive() && !stage.session.is_device_alive("d"));
    let data = stage.node.ddata("d", vec![aliased(2, 0.6)]);
    assert_eq!(stage.take(&data), "SPARKPLUG_NO_BIRTH*1 rebirth", "nothing is good until the next birth");
    assert_eq!(stage.take(&death), "", "a death that comes twice is one");
    stage.node.bd_seq += 1;
    let [node, _] = births(&mut stage.node);
    assert_eq!(stage.take(&node), "online volt=12");
    assert!(!stage.session.is_device_alive("d"), "devices are born anew");
    assert_eq!(stage.session.counts().deaths, 1);
}

#[test]
fn the_will_of_a_former_session_kills_nobody() {
    let mut stage = alive();
    let old_will = stage.node.ndeath();
    stage.node.bd_seq = 1;
    for birth in births(&mut stage.node) {
        stage.take(&birth);
    }
    assert_eq!(stage.take(&old_will), "");
    let data = stage.node.ddata("d", vec![aliased(2, 0.6)]);
    assert_eq!(stage.take(&data), "d/ch4=0.6");
    assert_eq!((stage.session.counts().stale_deaths, stage.session.counts().deaths), (1, 0));
}

#[test]
fn a_death_that_overtook_its_birth_is_believed() {
    let mut stage = alive();
    stage.node.bd_seq = 1;
    let death = stage.node.ndeath();
    let [node, device] = births(&mut stage.node);
    assert_eq!(stage.take(&death), "", "of a session not begun yet");
    assert_eq!(stage.take(&node), "lost SPARKPLUG_NO_BIRTH*3 rebirth");
    assert_eq!(stage.take(&device), "SPARKPLUG_NO_BIRTH*1");
    // It lives after all: asked, it is born once more.
    stage.node.now_ms += 1000;
    let [node, device] = births(&mut stage.node);
    assert_eq!(stage.take(&node), "online volt=12");
    assert_eq!(stage.take(&device), "d/ch4=0.5");
}

#[test]
fn a_death_of_an_edge_node_never_heard_is_believed() {
    let mut stage = Stage::new();
    let death = stage.node.ndeath();
    assert_eq!(stage.take(&death), "lost");
    // Long after, a birth of that number is another session.
    assert_eq!(stage.wait(5_000), "");
    let [node, _] = births(&mut stage.node);
    assert_eq!(stage.take(&node), "online volt=12");
}

#[test]
fn messages_out_of_order_are_read_in_their_order() {
    let mut stage = alive();
    let some: Vec<Sent> = (0..4).map(|at| stage.node.ddata("d", vec![aliased(2, f64::from(at))])).collect();
    assert_eq!(stage.take(&some[2]), "");
    assert_eq!(stage.take(&some[1]), "");
    assert!(stage.session.deadline().is_some());
    assert_eq!(stage.take(&some[0]), "d/ch4=0 d/ch4=1 d/ch4=2");
    assert_eq!(stage.session.deadline(), None, "the timer is off");
    assert_eq!(stage.take(&some[3]), "d/ch4=3");
    assert_eq!(stage.wait(60_000), "");
    assert_eq!(stage.session.counts().reordered, 2);
}

#[test]
fn what_stays_missing_makes_the_edge_node_lost_and_asks_for_births() {
    let mut stage = alive();
    let missing = stage.node.ddata("d", vec![aliased(2, 0.1)]);
    let early = stage.node.ddata("d", vec![aliased(2, 0.2)]);
    assert_eq!(stage.take(&early), "");
    assert_eq!(stage.wait(4_999), "");
    assert_eq!(stage.wait(1), "SPARKPLUG_SEQ_GAP*1 lost rebirth");
    assert_eq!(stage.take(&missing), "SPARKPLUG_SEQ_GAP*1", "too late");
    let data = stage.node.ddata("d", vec![by_name("ch4", 0.3)]);
    assert_eq!(stage.take(&data), "SPARKPLUG_SEQ_GAP*1");
    let [node, device] = births(&mut stage.node);
    assert_eq!(stage.take(&node), "online volt=12");
    assert_eq!(stage.take(&device), "d/ch4=0.5");
    let data = stage.node.ddata("d", vec![aliased(2, 0.6)]);
    assert_eq!(stage.take(&data), "d/ch4=0.6");
    assert_eq!(stage.session.counts().gaps, 1);
}

#[test]
fn a_hole_behind_a_filled_one_has_its_own_time() {
    let mut stage = alive();
    let some: Vec<Sent> = (0..5).map(|at| stage.node.ddata("d", vec![aliased(2, f64::from(at))])).collect();
    stage.take(&some[1]);
    assert_eq!(stage.wait(3_000), "");
    stage.take(&some[4]);
    assert_eq!(stage.take(&some[0]), "d/ch4=0 d/ch4=1");
    assert_eq!(stage.wait(2_500), "", "the second hole is younger");
    assert_eq!(stage.take(&some[2]), "d/ch4=2");
    assert_eq!(stage.wait(2_500), "SPARKPLUG_SEQ_GAP*1 lost rebirth");
}

#[test]
fn the_timeout_and_the_interval_are_set() {
    let settings = Settings {
        reorder_timeout: Duration::from_millis(200),
        rebirth_min_interval: Duration::from_secs(1),
        ..Settings::default()
    };
    let mut stage = Stage::with(settings);
    for birth in births(&mut stage.node) {
        stage.take(&birth);
    }
    stage.node.seq += 1;
    let early = stage.node.ndata(vec![aliased(1, 1.0)]);
    stage.take(&early);
    assert_eq!(stage.session.deadline(), Some(stage.now.plus(settings.reorder_timeout)));
    assert_eq!(stage.wait(200), "SPARKPLUG_SEQ_GAP*1 lost rebirth");
    let data = stage.node.ndata(vec![aliased(1, 1.0)]);
    assert_eq!(stage.take(&data), "SPARKPLUG_SEQ_GAP*1");
    assert_eq!(stage.wait(999), "");
    assert_eq!(stage.wait(1), "rebirth");
}

#[test]
fn numbers_go_from_255_to_0() {
    let mut stage = alive();
    for round in 0..600 {
        let data = stage.node.ddata("d", vec![aliased(2, f64::from(round))]);
        assert_eq!(stage.take(&data), format!("d/ch4={round}"));
    }
    stage.node.seq = 255;
    let mut stage = alive();
    for _ in 2..255 {
        let data = stage.node.ndata(vec![aliased(1, 1.0)]);
        stage.take(&data);
    }
    let last = stage.node.ndata(vec![aliased(1, 255.0)]);
    let first = stage.node.ndata(vec![aliased(1, 0.0)]);
    assert_eq!(stage.take(&first), "");
    assert_eq!(stage.take(&last), "volt=255 volt=0", "over the turn as well");
}

#[test]
fn a_message_that_comes_twice_is_counted_once() {
    let mut stage = alive();
    let data = stage.node.ddata("d", vec![aliased(2, 0.6)]);
    assert_eq!(stage.take(&data), "d/ch4=0.6");
    assert_eq!(stage.take(&data), "DUPLICATE_MESSAGE*1");
    let missing = stage.node.ddata("d", vec![aliased(2, 0.7)]);
    let early = stage.node.ddata("d", vec![aliased(2, 0.8)]);
    assert_eq!(stage.take(&early), "");
    assert_eq!(stage.take(&early), "DUPLICATE_MESSAGE*1");
    assert_eq!(stage.take(&missing), "d/ch4=0.7 d/ch4=0.8");
    let [node, device] = births(&mut stage.node);
    stage.take(&node);
    assert_eq!(stage.take(&node), "DUPLICATE_MESSAGE*3", "a birth as well");
    assert_eq!(stage.take(&device), "d/ch4=0.5");
    assert_eq!(stage.session.counts().duplicates, 3);
}

#[test]
fn a_new_birth_replaces_names_aliases_and_types() {
    let mut stage = alive();
    let birth = stage.node.nbirth(vec![named("amps", 1, 3.0), named("volt", 7, 12.0)]);
    assert_eq!(stage.take(&birth), "online amps=3 volt=12");
    let data = stage.node.ndata(vec![aliased(1, 3.5), aliased(7, 12.5)]);
    assert_eq!(stage.take(&data), "amps=3.5 volt=12.5");
    let data = stage.node.ddata("d", vec![aliased(2, 0.6)]);
    assert_eq!(stage.take(&data), "SPARKPLUG_NO_BIRTH*1 rebirth", "its device was not born again");
    let birth = stage.node.dbirth("d", vec![named("co", 2, 1.0)]);
    assert_eq!(stage.take(&birth), "d/co=1 d/ch4=none!bad:comms_lost");
    let data = stage.node.ddata("d", vec![aliased(2, 1.5), by_name("ch4", 0.7)]);
    assert_eq!(stage.take(&data), "d/co=1.5 SPARKPLUG_NO_BIRTH*1", "ch4 is in no birth any more");
}

#[test]
fn a_metric_that_is_not_in_the_next_birth_is_gone() {
    let mut stage = alive();
    let birth = stage.node.dbirth("d", vec![named("co", 3, 1.0), named("ch4", 2, 0.5)]);
    assert_eq!(stage.take(&birth), "d/co=1 d/ch4=0.5");
    let birth = stage.node.dbirth("d", vec![named("co", 3, 1.0)]);
    assert_eq!(stage.take(&birth), "d/co=1 d/ch4=none!bad:comms_lost");
    let birth = stage.node.dbirth("d", vec![named("co", 3, 1.0)]);
    assert_eq!(stage.take(&birth), "d/co=1", "said once");
    let birth = stage.node.dbirth("d", vec![named("co", 3, 1.0), named("ch4", 2, 0.6)]);
    assert_eq!(stage.take(&birth), "d/co=1 d/ch4=0.6", "and is there again");
}

#[test]
fn a_device_that_is_not_born_again_is_gone() {
    let mut stage = alive();
    let birth = stage.node.nbirth(vec![named("volt", 1, 12.0)]);
    assert_eq!(stage.take(&birth), "online volt=12");
    assert_eq!(stage.wait(4_999), "");
    assert_eq!(stage.wait(1), "d/ch4=none!bad:comms_lost");
    assert_eq!(stage.wait(60_000), "", "said once");
}

#[test]
fn a_straggler_from_before_the_birth_is_not_read_by_the_new_aliases() {
    let mut stage = alive();
    let straggler = stage.node.ndata(vec![aliased(1, 99.0)]);
    let next = stage.node.ndata(vec![aliased(1, 98.0)]);
    let birth = stage.node.nbirth(vec![named("amps", 1, 3.0)]);
    stage.take(&birth);
    // Its number is 2: it would have its turn after the next message.
    assert_eq!(stage.take(&straggler), "SPARKPLUG_NO_BIRTH*1");
    let data = stage.node.ndata(vec![aliased(1, 3.5)]);
    assert_eq!(stage.take(&data), "amps=3.5");
    assert_eq!(stage.take(&next), "SPARKPLUG_NO_BIRTH*1");
    let data = stage.node.ndata(vec![aliased(1, 3.6)]);
    assert_eq!(stage.take(&data), "amps=3.6", "and nothing is missing");
    assert_eq!(stage.wait(60_000), "d/ch4=none!bad:comms_lost", "its device was not born again");
}

#[test]
fn a_clock_that_was_set_back_costs_a_birth_and_not_the_edge_node() {
    let mut stage = alive();
    stage.node.now_ms -= 60_000;
    let data = stage.node.ndata(vec![aliased(1, 12.5)]);
    assert_eq!(stage.take(&data), "SPARKPLUG_NO_BIRTH*1");
    assert_eq!(stage.wait(5_000), "lost rebirth");
    let [node, _] = births(&mut stage.node);
    assert_eq!(stage.take(&node), "online volt=12");
    let data = stage.node.ndata(vec![aliased(1, 12.5)]);
    // DBIRTH was number 1.
    assert_eq!(stage.take(&data), "");
}

#[test]
fn data_that_overtook_a_new_birth_is_read_after_it() {
    let mut stage = alive();
    let data = stage.node.ndata(vec![aliased(1, 12.5)]);
    stage.take(&data);
    let birth = stage.node.nbirth(vec![named("amps", 1, 3.0)]);
    let early = stage.node.ndata(vec![aliased(1, 3.5)]);
    assert_eq!(stage.take(&early), "", "number 1, where 3 is due");
    assert_eq!(stage.take(&birth), "online amps=3 volt=none!bad:comms_lost amps=3.5");
}

#[test]
fn an_older_birth_long_after_is_believed_when_it_is_said_again() {
    let mut stage = alive();
    stage.wait(60_000);
    stage.node.now_ms -= 3_600_000;
    let [node, _] = births(&mut stage.node);
    assert_eq!(stage.take(&node), "lost SPARKPLUG_NO_BIRTH*3 rebirth", "old, or of a clock set back?");
    let [node, device] = births(&mut stage.node);
    assert_eq!(stage.take(&node), "online volt=12");
    assert_eq!(stage.take(&device), "d/ch4=0.5");
}

#[test]
fn a_birth_that_was_missed_is_not_made_up_for_by_a_number_that_happens_to_fit() {
    let mut stage = alive();
    let _missed = stage.node.nbirth(vec![named("amps", 1, 3.0)]);
    let device = stage.node.dbirth("d", vec![named("co", 2, 1.0)]);
    let data = stage.node.ndata(vec![aliased(1, 3.5)]);
    assert_eq!(stage.take(&device), "", "number 1 was over");
    assert_eq!(stage.take(&data), "", "number 2 is due, and would be read as volts");
    assert_eq!(stage.wait(5_000), "SPARKPLUG_SEQ_GAP*1 SPARKPLUG_SEQ_GAP*1 lost rebirth");
}

#[test]
fn what_a_birth_was_refused_for_is_not_asked_for_again_and_again() {
    let mut stage = Stage::new();
    let odd = Metric { datatype: None, ..named("odd", 3, 1.0) };
    let birth = stage.node.nbirth(vec![named("volt", 1, 12.0), odd]);
    assert_eq!(stage.take(&birth), "online volt=12 FIELD_MISSING*1");
    let data = stage.node.ndata(vec![aliased(3, 1.0), aliased(1, 12.5)]);
    assert_eq!(stage.take(&data), "SPARKPLUG_NO_BIRTH*1 volt=12.5", "and no birth is asked for");
}

#[test]
fn a_birth_overtaken_by_a_newer_one_is_ignored() {
    let mut stage = alive();
    let old = stage.node.nbirth(vec![named("volt", 1, 12.0)]);
    let new = stage.node.nbirth(vec![named("amps", 1, 3.0)]);
    stage.take(&new);
    assert_eq!(stage.take(&old), "SPARKPLUG_NO_BIRTH*3");
    let data = stage.node.ndata(vec![aliased(1, 3.5)]);
    assert_eq!(stage.take(&data), "amps=3.5");
}

#[test]
fn history_is_marked_and_nothing_else_of_the_message_is() {
    let mut stage = alive();
    let old = Metric { is_historical: Some(true), timestamp: Some(1_795_420_000_000), ..aliased(2, 9.0) };
    let data = stage.node.ddata("d", vec![old, aliased(2, 0.6)]);
    assert_eq!(stage.take(&data), "d/ch4=9(historical) d/ch4=0.6");
    let death = stage.node.ddeath("d");
    assert_eq!(stage.take(&death), "d/ch4=none!bad:comms_lost");
}

#[test]
fn what_a_broker_kept_is_not_being_said() {
    let mut stage = Stage::new();
    let [node, device] = births(&mut stage.node);
    assert_eq!(stage.take_stored(&node), "SPARKPLUG_NO_BIRTH*3 rebirth");
    assert_eq!(stage.take_stored(&device), "SPARKPLUG_NO_BIRTH*1");
    assert_eq!(stage.take(&node), "online volt=12");
    let death = stage.node.ndeath();
    assert_eq!(stage.take_stored(&death), "", "a death kept by a broker says nothing of now");
    assert!(stage.session.is_alive());
}

#[test]
fn a_message_without_a_number_is_refused_and_costs_no_birth() {
    let mut stage = alive();
    let payload = prost::Message::encode_to_vec(&crate::edge_node::Payload {
        metrics: vec![aliased(1, 1.0)],
        ..Default::default()
    });
    let data = Sent { verb: davy_codec::sparkplug::Verb::NodeData, device: None, payload };
    assert_eq!(stage.take(&data), "FIELD_MISSING*1");
    let data = stage.node.ndata(vec![aliased(1, 12.5)]);
    assert_eq!(stage.take(&data), "volt=12.5");
}

#[test]
fn a_birth_without_its_numbers_is_taken_and_told_of() {
    let mut stage = Stage::new();
    let payload = prost::Message::encode_to_vec(&crate::edge_node::Payload {
        metrics: vec![named("volt", 1, 12.0)],
        ..Default::default()
    });
    let birth = Sent { verb: davy_codec::sparkplug::Verb::NodeBirth, device: None, payload };
    assert_eq!(stage.take(&birth), "online FIELD_MISSING*0 FIELD_MISSING*0 volt=12");
    let death = stage.node.ndeath();
    assert_eq!(stage.take(&death), "lost", "without bdSeq every death is its own");
}

#[test]
fn a_lost_connection_makes_everything_lost_and_births_are_asked_for_after_it() {
    let mut stage = alive();
    stage.session.lose(&mut stage.heard);
    assert_eq!(stage.told(), "lost");
    stage.session.lose(&mut stage.heard);
    assert_eq!(stage.told(), "", "known");
    stage.heard.cannot_ask = true;
    stage.session.want_births(stage.now, &mut stage.heard);
    assert_eq!(stage.told(), "");
    stage.heard.cannot_ask = false;
    assert_eq!(stage.wait(100), "rebirth", "as soon as it can be said");
    let mut stage = alive();
    stage.session.want_births(stage.now, &mut stage.heard);
    assert_eq!(stage.told(), "", "it lives");
}

#[test]
fn commands_are_for_edge_nodes() {
    let mut stage = alive();
    let data = stage.node.ndata(vec![by_name("Node Control/Rebirth", 1.0)]);
    for verb in [davy_codec::sparkplug::Verb::NodeCommand, davy_codec::sparkplug::Verb::DeviceCommand] {
        let command = Sent { verb, ..data.clone() };
        assert_eq!(stage.take(&command), "");
    }
    assert!(stage.heard.summaries.len() == 2, "not even counted");
}
