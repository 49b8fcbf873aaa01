//! Pages, JSON and gRPC-Web.

use std::collections::BTreeSet;

use davy_tests::abuse::{
    House,
    web::{FLOODS, SLOW, STORIES, cases},
};

#[test]
fn there_are_as_many_cases_as_promised_and_each_has_a_name_of_its_own() {
    let cases = cases();
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).chain(FLOODS).chain(STORIES).collect();
    assert!(names.len() >= 40, "{}", names.len());
    let mut apart = BTreeSet::new();
    let twice: Vec<&&str> = names.iter().filter(|name| !apart.insert(**name)).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_breaks_http_is_told_and_nobody_else_notices() {
    let mut house = House::open().await;
    let honest = house.honest().await;
    let mut wrong = Vec::new();
    for case in cases() {
        wrong.extend(case.try_on(&house).await.err());
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    let (waits, acknowledged) = honest.end().await;
    println!("web: {acknowledged} acknowledged, {} alarms raised and cleared", waits.changes);
    house.check("web", acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_floods_http_takes_nothing_from_those_who_are_in() {
    let mut house = House::open().await;
    let honest = house.honest().await;
    let at_once = async {
        for flood in FLOODS.iter().filter(|flood| !SLOW.contains(flood)) {
            house.flood_of_requests(flood).await;
        }
    };
    let slow = async {
        for flood in SLOW {
            house.flood_of_requests(flood).await;
        }
    };
    tokio::join!(at_once, slow);
    let (waits, acknowledged) = honest.end().await;
    println!("web/floods: {acknowledged} acknowledged, {} alarms raised and cleared", waits.changes);
    house.check("web/floods", acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_its_persons_until_it_ends_and_guessing_ends() {
    let mut house = House::open().await;
    let honest = house.honest().await;
    for story in STORIES {
        house.story(story).await;
    }
    let (waits, acknowledged) = honest.end().await;
    println!("web/sessions: {acknowledged} acknowledged, {} alarms raised and cleared", waits.changes);
    house.check("web/sessions", acknowledged).await;
}
