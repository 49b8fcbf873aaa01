//! The first five minutes: the page's commands are run as they stand, and its answers have to come.

use davy_tests::{
    Grpc, has_mosquitto,
    page::{blocks, follow},
};

#[tokio::test]
async fn the_first_five_minutes_end_with_a_green_device() {
    if !has_mosquitto() {
        return;
    }
    let (_folder, davy) = follow("docs/vendors/README.md").await;
    let grpc = Grpc::connect(davy.http()).await;
    let counts = grpc.site("workshop").await.readings.expect("a site has counts");
    // Two by hand, one that alarms, ten of the sample; and the one with the wrong unit.
    assert_eq!((counts.received, counts.evaluated, counts.rejected), (14, 13, 1), "{counts:?}");
}

#[test]
fn the_chinese_page_has_the_same_commands_and_answers() {
    assert_eq!(blocks("docs/vendors/zh/README.md"), blocks("docs/vendors/README.md"));
}
