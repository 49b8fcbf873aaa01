use std::time::Instant;

use davy_proto::v1::{AlarmServiceListRequest, Tier, TransitionKind};
use davy_tests::{LONG, wait_until};

use super::tower::{Floor, tower};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_red_alarm_of_the_lowest_is_known_at_the_top() {
    let [top, middle, mut bottom] = tower().await;
    top.has_caught_up(&bottom, "bottom").await;
    let mut heard = top.grpc.subscribe_to(&["bottom"]).await;
    let mut gateway = bottom.gateway().await;
    let mut took = Vec::new();
    for _ in 0..10 {
        let began = Instant::now();
        bottom.sends(&mut gateway, true).await;
        let raised = heard
            .alert("it is raised at the top", LONG, |alert| alert.transition() == TransitionKind::Raised);
        let raised = raised.await;
        took.push(began.elapsed());
        assert_eq!((raised.site.as_str(), raised.tier(), raised.durable), ("bottom", Tier::Red, true));
        bottom.sends(&mut gateway, false).await;
        let cleared = heard
            .alert("it is cleared at the top", LONG, |alert| alert.transition() != TransitionKind::Raised);
        assert_eq!(cleared.await.sequence, raised.sequence + 1);
    }
    took.sort_unstable();
    println!(
        "from a reading at the bottom to an alert at the top, over three Davys: median {:?}, worst {:?}",
        took[5], took[9]
    );
    bottom.sends(&mut gateway, true).await;
    top.has_caught_up(&bottom, "bottom").await;
    for floor in [&middle, &top] {
        assert_eq!(
            floor.transitions("bottom").await,
            bottom.transitions("bottom").await,
            "at {}",
            floor.name
        );
        let request = AlarmServiceListRequest { sites: vec!["bottom".to_owned()], ..Default::default() };
        let alarms = floor.grpc.alarms().list(request).await.expect("a list").into_inner().alarms;
        assert_eq!(alarms.len(), 1, "at {}", floor.name);
        assert_eq!((alarms[0].id.as_str(), alarms[0].tier()), ("bottom:high:level", Tier::Red));
    }
    shown_in_the_tree(&top).await;
}

async fn shown_in_the_tree(top: &Floor) {
    let site = wait_until("the risk level of the bottom is told", LONG, async || {
        let site = top.site("bottom").await;
        (site.risk_level() == Tier::Red).then_some(site)
    })
    .await;
    let title = site.title.clone().unwrap_or_default();
    assert_eq!((title.en.as_str(), title.zh.as_str()), ("Site bottom", "站点 bottom"));
    assert_eq!((site.place.as_str(), site.lower.as_str()), ("370000/370500/bottom", "middle"));
    assert_eq!((site.unacknowledged, site.silent, site.alarms.len()), (1, false, 1));
    let tree = top.tree().await;
    assert_eq!(
        tree.sites.iter().map(|site| site.site.as_str()).collect::<Vec<_>>(),
        ["bottom", "middle", "top"]
    );
    let [lower] = &tree.lowers[..] else { panic!("{:?}", tree.lowers) };
    assert_eq!(
        (lower.name.as_str(), lower.node.as_str(), lower.connected, lower.refused),
        ("middle", "middle", true, 0)
    );
    assert!(tree.upper.is_none() && lower.missing == 0 && lower.transitions > 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_middle_is_killed_under_load_and_nothing_is_lost_or_told_twice() {
    let [top, mut middle, mut bottom] = tower().await;
    let mut heard = top.grpc.subscribe_to(&["bottom"]).await;
    let kills = async {
        for kills in 1..=3 {
            wait_until("the middle brings", LONG, async || {
                (top.site("bottom").await.sequence > kills * 100).then_some(())
            })
            .await;
            middle.kill();
            middle.again().await;
        }
    };
    tokio::join!(bottom.swings(300), kills);
    top.has_caught_up(&bottom, "bottom").await;
    let below = bottom.transitions("bottom").await;
    assert!(below.len() >= 600, "{} transitions", below.len());
    assert_eq!(middle.transitions("bottom").await, below);
    assert_eq!(top.transitions("bottom").await, below);
    for due in &below {
        let alert = heard.alert("every one of them is told", LONG, |_| true).await;
        assert_eq!((&alert.id, alert.sequence), (&due.id, due.sequence), "once, in order");
    }
    println!("{} transitions over a middle that was killed 3 times: none lost, none twice", below.len());
}
