//! The MQTT door.

use std::collections::BTreeSet;

use davy_tests::abuse::{
    House,
    mqtt::{FLOODS, cases},
};

#[test]
fn there_are_as_many_cases_as_promised_and_each_has_a_name_of_its_own() {
    let names: Vec<String> =
        cases().into_iter().map(|case| case.name).chain(FLOODS.map(str::to_owned)).collect();
    assert!(names.len() >= 200, "{}", names.len());
    let apart: BTreeSet<&String> = names.iter().collect();
    assert_eq!(apart.len(), names.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_breaks_mqtt_is_told_or_closed_and_nobody_else_notices() {
    let mut house = House::open().await;
    let honest = house.honest().await;
    let mut wrong = Vec::new();
    for case in cases() {
        wrong.extend(case.try_on(&house).await.err());
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    let (waits, acknowledged) = honest.end().await;
    println!("mqtt: {acknowledged} acknowledged, {} alarms raised and cleared", waits.changes);
    house.check("mqtt", acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_floods_the_door_takes_nothing_from_those_who_are_in() {
    let mut house = House::open().await;
    let honest = house.honest().await;
    for flood in FLOODS {
        house.flood(flood).await;
    }
    let (waits, acknowledged) = honest.end().await;
    println!("mqtt/floods: {acknowledged} acknowledged, {} alarms raised and cleared", waits.changes);
    house.check("mqtt/floods", acknowledged).await;
}
