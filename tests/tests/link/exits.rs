use davy_proto::v1::{Alert, Tier};
use davy_tests::LONG;

use super::tower::{Floor, lower};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exit_that_tells_of_lower_davys_sites_alone_is_missed_in_an_own_one() {
    // Nobody listens there.
    let exit =
        "[[exit]]\nname = \"desk\"\nkind = \"webhook\"\nsites = [\"park\"]\nurl = \"http://127.0.0.1:1/\"\n";
    let city = Floor::serve("city", &format!("{}{exit}", lower("park", &["park"]))).await;
    let mut park = Floor::serve("park", &city.link()).await;
    let mut heard = city.grpc.subscribe_to(&["city"]).await;
    park.swings(1).await;
    let is_about_the_exit = |alert: &Alert| alert.rule == "davy-fault" && alert.subject == "exit-desk";
    let raised = heard.alert("it is missed", 2 * LONG, is_about_the_exit).await;
    assert_eq!((raised.site.as_str(), raised.tier()), ("city", Tier::Orange));
}
