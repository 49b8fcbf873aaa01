//! The first ten minutes of whoever writes rules: the page is followed word for word.

use davy_tests::{
    Grpc, has_mosquitto,
    page::{blocks, follow},
};

#[tokio::test]
async fn the_first_ten_minutes_end_with_a_rule_that_is_active() {
    if !has_mosquitto() {
        return;
    }
    let (_folder, davy) = follow("docs/tuners/README.md").await;
    let grpc = Grpc::connect(davy.http()).await;
    let counts = grpc.site("workshop").await.readings.expect("a site has counts");
    assert_eq!((counts.evaluated, counts.rejected), (6, 0), "{counts:?}");
}

#[test]
fn the_chinese_page_has_the_same_commands_and_answers() {
    assert_eq!(blocks("docs/tuners/zh/README.md"), blocks("docs/tuners/README.md"));
}
