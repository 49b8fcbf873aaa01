//! gRPC and HTTP/2.

use std::collections::BTreeSet;

use davy_tests::abuse::{
    House,
    grpc::{FLOODS, cases, values},
};

#[test]
fn there_are_as_many_cases_as_promised_and_each_has_a_name_of_its_own() {
    let cases = cases();
    let names: Vec<&str> = cases.iter().map(|case| case.name()).chain(FLOODS).collect();
    assert!(names.len() >= 60, "{}", names.len());
    assert!(values().len() >= 200, "the contract is read: {} fields", values().len());
    let mut apart = BTreeSet::new();
    let twice: Vec<&&str> = names.iter().filter(|name| !apart.insert(**name)).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_breaks_http2_or_grpc_is_told_and_nobody_else_notices() {
    let mut house = House::open().await;
    let honest = house.honest().await;
    let mut wrong = Vec::new();
    for case in cases().into_iter().chain(values()) {
        wrong.extend(case.try_on(&house).await.err());
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    let (waits, acknowledged) = honest.end().await;
    println!("grpc: {acknowledged} acknowledged, {} alarms raised and cleared", waits.changes);
    house.check("grpc", acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_floods_http2_takes_nothing_from_those_who_are_in() {
    let mut house = House::open().await;
    let honest = house.honest().await;
    for flood in FLOODS {
        house.flood_of_frames(flood).await;
    }
    let (waits, acknowledged) = honest.end().await;
    println!("grpc/floods: {acknowledged} acknowledged, {} alarms raised and cleared", waits.changes);
    house.check("grpc/floods", acknowledged).await;
}
