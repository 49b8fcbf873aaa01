//! One change from the wish to its effect, and back.

use davy_proto::v1::{Alert, TransitionKind};
use davy_tests::{Grpc, LONG, wait_until};

use super::{LOOSER, TAGS, WAS, Yard};

#[tokio::test]
async fn a_limit_is_loosened_by_two_people_after_a_shadow_and_taken_back_by_one() {
    let mut yard = Yard::served("").await;
    let old = yard.active().await;
    yard.send("AT-1/h2s", 12.0).await;
    yard.send("AT-1/h2s", 2.0).await;
    let folder = yard.folder("new", WAS, LOOSER);

    // Wished for: judged over what came, before anybody is asked.
    let new = yard.proposed(&folder).await;
    let told = yard.revision(&new).await;
    assert_eq!((&told["state"], &told["second_person"]), (&"proposed".into(), &true.into()), "{told}");
    let predicted = &told["predicted"];
    assert_eq!(
        (&predicted["raises_before"], &predicted["raises_after"], &predicted["lost"]),
        (&2.into(), &1.into(), &1.into()),
        "of the two alarms the grave one would have been lost: {told}"
    );

    // Agreed to by somebody else.
    let alone = yard.is_refused(&["approve", "yard", &new, "--by", "Wu"]).await;
    assert_eq!(alone, "SECOND_PERSON_NEEDED");
    assert_eq!(yard.does("approve", &new, "li").await, "approved");

    // In shadow: the site is judged as before, and nobody hears anything of it.
    assert_eq!(yard.does("shadow", &new[..6], "li").await, "shadow");
    let mut alerts = Grpc::connect(yard.server.http()).await.subscribe_from_now().await;
    yard.send("AT-2/h2s", 15.0).await;
    yard.send("AT-2/h2s", 25.0).await;
    let shadow = wait_until("the shadow has seen it", LONG, async || {
        let shadow = yard.revision(&new).await["shadow"].clone();
        (shadow["is_current"] == true && shadow["moved"] == 1).then_some(shadow)
    })
    .await;
    assert_eq!((&shadow["raises_active"], &shadow["raises_shadow"]), (&2.into(), &2.into()), "{shadow}");
    assert_eq!(shadow["alarms_moved"][0]["alarm"], "yard:h2s:AT-2/h2s", "{shadow}");
    let raised = |alert: &Alert| alert.transition() == TransitionKind::Raised && alert.rule == "h2s";
    let alert = alerts.alert("the alarm of what is active", LONG, raised).await;
    assert_eq!((alert.rule_revision.as_str(), alert.value), (old.as_str(), Some(15.0)), "{alert:?}");

    // Active, at one moment: what stood under the old limit and is past the new one stands on, in the same occurrence.
    yard.send("AT-1/h2s", 12.0).await;
    assert_eq!(yard.does("activate", &new, "li").await, "active");
    assert_eq!(yard.active().await, new);
    let cleared = |alert: &Alert| alert.transition() == TransitionKind::Cleared && alert.rule == "h2s";
    let alert = alerts.alert("what is under the new limit is over", LONG, cleared).await;
    assert_eq!(
        (alert.subject.as_str(), alert.rule_revision.as_str()),
        ("AT-1/h2s", new.as_str()),
        "{alert:?}"
    );
    let grpc = Grpc::connect(yard.server.http()).await;
    let standing = grpc.standing("yard").await;
    let grave = standing.iter().find(|alarm| alarm.id == "yard:h2s:AT-2/h2s").expect("it stands on");
    assert_eq!(grave.occurrence, 1, "{grave:?}");
    yard.send("AT-1/h2s", 22.0).await;
    let told = yard.revision(&new).await;
    assert_eq!(
        (&told["shadow"], &told["actual"]["problem"], &told["actual"]["raises"]),
        (&serde_json::Value::Null, &"".into(), &1.into()),
        "{told}"
    );
    yard.send("AT-1/h2s", 12.0).await;

    // Taken back, by one, at once.
    assert_eq!(yard.does("rollback", &new, "wu").await, "active");
    assert_eq!(yard.active().await, old);
    let again = alerts.alert("under the old limit it is an alarm again", LONG, |alert| {
        raised(alert) && alert.subject == "AT-1/h2s" && alert.occurrence == 4
    });
    assert_eq!(again.await.rule_revision, old);
    let what: Vec<String> = yard.revision(&new).await["events"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| {
            format!("{} {}", event["what"].as_str().unwrap_or(""), event["actor"].as_str().unwrap_or(""))
        })
        .collect();
    assert_eq!(what, ["proposed wu", "approved li", "shadowed li", "activated li", "retired wu"]);
}

/// What is tightened needs no second person; and rules that watch less are named.
#[tokio::test]
async fn alarms_that_nobody_would_watch_any_more_are_named_before_they_are_withdrawn() {
    let mut yard = Yard::served("").await;
    yard.send("AT-1/h2s", 6.0).await;
    yard.send("AT-2/h2s", 6.0).await;
    let folder = yard.folder(
        "new",
        "applies_to: {quantity: gas.h2s}\n    limit: [{name: H, tier: yellow",
        "applies_to: {tag: AT-1/h2s}\n    limit: [{name: H, tier: yellow",
    );
    let why = ["propose", &folder, "--by", "wu", "--comment", "AT-2 is being taken down"];
    let refused = yard.rules(&why).await;
    assert!(refused.out.contains("high of AT-2/h2s"), "{}", refused.out);
    assert_eq!(refused.refused(), "MIGRATION_UNDECLARED");
    let said = yard.rules(&[&why[..], &["--withdraw", "high"]].concat()).await.ended(0).one();
    let new = super::text(&said, "revision");
    assert_eq!((&said["withdraws"][0], &said["second_person"]), (&"high".into(), &false.into()), "{said}");
    let mut alerts = Grpc::connect(yard.server.http()).await.subscribe_from_now().await;
    assert_eq!(yard.does("approve", &new, "wu").await, "approved", "nothing grave is loosened");
    assert_eq!(yard.does("activate", &new, "wu").await, "active");
    let withdrawn = |alert: &Alert| alert.transition() == TransitionKind::Withdrawn;
    let alert = alerts.alert("nobody watches it any more", LONG, withdrawn).await;
    assert_eq!(alert.alarm, "yard:high:AT-2/h2s");
}

/// Other tags are active with the rules on them: a sensor that was not there before is heard at once.
#[tokio::test]
async fn a_tag_that_a_revision_brings_is_heard_from_the_moment_it_is_active() {
    let mut yard = Yard::served("").await;
    let folder = yard.folder("new", WAS, WAS);
    let tags = format!("{TAGS}AT-3/h2s,gas.h2s,ppm,0,100,10s,gw\n");
    yard.setup.write("new/tags.csv", &tags);
    let new = yard.proposed(&folder).await;
    assert_eq!(yard.does("approve", &new, "wu").await, "approved", "what is added loosens nothing");
    let mut alerts = Grpc::connect(yard.server.http()).await.subscribe_from_now().await;
    assert_eq!(yard.does("activate", &new, "wu").await, "active");
    yard.send("AT-3/h2s", 12.0).await;
    let alert =
        alerts.alert("the alarm of the new tag", LONG, |alert| alert.alarm == "yard:h2s:AT-3/h2s").await;
    assert_eq!(alert.rule_revision, new);
}
