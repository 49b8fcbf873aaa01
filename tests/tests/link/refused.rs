use davy_proto::v1::{
    AlarmServiceAcknowledgeRequest, AlarmServiceExplainRequest, Alert, CommandTarget, LinkHello,
    LinkServiceForwardRequest, LinkSite, RuleServiceProposeRequest, SiteFile, TransitionKind,
    link_service_forward_request::Brought, link_service_forward_response::Said,
};
use davy_tests::{LONG, wait_until};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic_types::StatusExt;

use super::tower::{Floor, lower};

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// Says hello with these sites as that Davy; gives why each is refused.
pub(crate) async fn hello(
    city: &Floor,
    name: &str,
    protocol: u32,
    sites: &[(&str, u64)],
) -> Result<Vec<String>, Status> {
    let sites =
        sites.iter().map(|(site, sequence)| LinkSite { site: (*site).to_owned(), sequence: *sequence });
    let hello = LinkHello { protocol, name: name.to_owned(), sites: sites.collect(), ..Default::default() };
    let (say, said) = tokio::sync::mpsc::channel(1);
    say.send(LinkServiceForwardRequest { brought: Some(Brought::Hello(hello)) }).await.expect("room");
    let mut answers = city.grpc.links().forward(ReceiverStream::new(said)).await?.into_inner();
    let Some(Said::Welcome(welcome)) = answers.message().await?.and_then(|first| first.said) else {
        panic!("no welcome")
    };
    Ok(welcome.sites.into_iter().map(|site| site.refused).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_listed_is_refused_and_takes_nothing_from_what_is() {
    let two = format!("{}{}", lower("park", &["park"]), lower("port", &["harbour"]));
    let city = Floor::serve("city", &two).await;
    for (name, protocol, says) in
        [("nobody", 1, "no lower Davy is called nobody"), ("park", 2, "takes the form 1")]
    {
        let status = hello(&city, name, protocol, &[]).await.expect_err("refused");
        assert_eq!(reason(&status), "LINK_REFUSED");
        assert!(status.message().contains(says), "{status}");
    }
    let sites = [("park", 0), ("city", 0), ("harbour", 0), ("mine", 0), ("davy-canary", 0)];
    let refused = hello(&city, "park", 1, &sites).await.expect("a welcome");
    for (why, says) in refused.iter().zip([
        "",
        "the upper Davy's own site",
        "port brings it",
        "not among the sites of [[lower]] park",
        "not among the sites of [[lower]] park",
    ]) {
        assert!(why.contains(says) && why.is_empty() == says.is_empty(), "{why:?}, and not {says:?}");
    }
    let counted = city.tree().await.lowers.into_iter().find(|lower| lower.name == "park").expect("park");
    assert_eq!(counted.refused, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upper_davy_that_takes_none_of_the_sites_is_an_alarm_that_says_why() {
    let mut city = Floor::serve("city", &lower("park", &["prak"])).await;
    let park = Floor::serve("park", &city.link()).await;
    let mut heard = park.grpc.subscribe_to(&["park"]).await;
    let is_about_the_link = |alert: &Alert| alert.rule == "davy-fault" && alert.subject == "link";
    let raised = heard.alert("nothing can be brought", 2 * LONG, is_about_the_link).await;
    let text = raised.message.clone().unwrap_or_default().en;
    let why = "it takes none of the sites: park (it is not among the sites of [[lower]] park)";
    assert!(raised.transition() == TransitionKind::Raised && text.contains(why), "{text}");
    city.kill();
    city.configures(&lower("park", &["park"]));
    city.again().await;
    let cleared = heard.alert("it is brought", 2 * LONG, is_about_the_link).await;
    assert_eq!(cleared.transition(), TransitionKind::Cleared);
    city.has_caught_up(&park, "park").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_lower_davys_site_is_changed_from_above() {
    let city = Floor::serve("city", &lower("park", &["park"])).await;
    let mut park = Floor::serve("park", &city.link()).await;
    let mut gateway = park.gateway().await;
    park.sends(&mut gateway, true).await;
    city.has_caught_up(&park, "park").await;
    let target = || {
        Some(CommandTarget {
            alarm: "park:high:level".to_owned(),
            actor: "li".to_owned(),
            ..Default::default()
        })
    };
    let acknowledged =
        city.grpc.alarms().acknowledge(AlarmServiceAcknowledgeRequest { target: target() }).await;
    let explained = AlarmServiceExplainRequest { alarm: "park:high:level".to_owned(), occurrence: None };
    let explained = city.grpc.alarms().explain(explained).await;
    let file = |path: &str, text: &str| SiteFile { path: path.to_owned(), text: text.to_owned() };
    let proposed = RuleServiceProposeRequest {
        files: vec![
            file("site.yaml", "site: park\n"),
            file("tags.csv", "tag,title,quantity,unit,edge_node\n"),
        ],
        actor: "li".to_owned(),
        comment: "to change it from above".to_owned(),
        ..Default::default()
    };
    let proposed = city.grpc.rules().propose(proposed).await;
    for (what, status) in [
        ("acknowledge", acknowledged.map(|_| ()).expect_err("refused")),
        ("explain", explained.map(|_| ()).expect_err("refused")),
        ("propose", proposed.map(|_| ()).expect_err("refused")),
    ] {
        assert_eq!(reason(&status), "SITE_FORWARDED", "{what}: {status}");
    }
    // Below it is acknowledged, and that is seen above.
    let mut heard = city.grpc.subscribe_to(&["park"]).await;
    park.grpc
        .alarms()
        .acknowledge(AlarmServiceAcknowledgeRequest { target: target() })
        .await
        .expect("it stands");
    heard.alert("it is acknowledged above too", LONG, |alert| alert.acknowledged).await;
    wait_until("nothing is unacknowledged", LONG, async || {
        (city.site("park").await.unacknowledged == 0).then_some(())
    })
    .await;
}
