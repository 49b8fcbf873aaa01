use davy_proto::v1::{Alert, TransitionKind};
use davy_tests::{LONG, wait_until};

use super::tower::tower;

fn silence(alert: &Alert, kind: TransitionKind) -> bool {
    alert.rule == "davy-fault" && alert.subject == "lower-bottom" && alert.transition() == kind
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_silence_of_the_lowest_is_an_alarm_of_the_middle_and_is_known_at_the_top() {
    let [top, middle, mut bottom] = tower().await;
    top.has_caught_up(&bottom, "bottom").await;
    let mut heard = top.grpc.subscribe_to(&["middle"]).await;
    bottom.kill();
    let raised =
        heard.alert("the bottom is silent", LONG, |alert| silence(alert, TransitionKind::Raised)).await;
    assert_eq!(raised.site, "middle");
    let text = raised.message.unwrap_or_default();
    assert!(text.en.contains("lower Davy bottom") && text.zh.contains("下级"), "{text:?}");
    assert!(middle.site("bottom").await.silent && top.site("bottom").await.silent);
    assert!(!top.site("middle").await.silent, "the middle itself is heard");
    bottom.again().await;
    heard.alert("it speaks again", LONG, |alert| silence(alert, TransitionKind::Cleared)).await;
    wait_until("its site is heard at the top", LONG, async || {
        (!top.site("bottom").await.silent).then_some(())
    })
    .await;
}
