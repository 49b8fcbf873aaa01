//! Configuration, site, tag and rule files that are wrong.

use std::{fs, time::Duration};

use davy_proto::v1::TransitionKind;
use davy_tests::mqtt::{Login, Mqtt, Version};
use davy_tests::{Davy, Grpc, LONG, Setup, davy, wait_until};

use super::{RULES, good_tag, works};

/// Everything wrong at once: each with its place and code.
const SPOILT: &[(&str, &str, &str, &str)] = &[
    ("works/site.yaml", "edge_nodes:", "edge_noods:", "site.yaml:2:1"),
    ("works/tags.csv", "gas.h2s,ppm,0,100,gw-2", "gas.h2s,ppmm,0,100,gw-2", "tags.csv:4:"),
    ("works/rules/h2s.yaml", "tier: orange", "tier: purple", "rules/h2s.yaml:5:"),
];

fn spoil(setup: &Setup, path: &str, from: &str, to: &str) {
    let text = fs::read_to_string(setup.path(path)).expect(path);
    assert!(text.contains(from), "{path} has no {from:?}");
    setup.write(path, &text.replacen(from, to, 1));
}

#[tokio::test]
async fn all_errors_of_all_files_are_told_at_once_and_nothing_starts() {
    let setup = works();
    setup.configure("");
    let config = setup.config().display().to_string();
    davy(["check-config", "--config", &config]).await.ended(0);
    for (path, from, to, _) in SPOILT {
        spoil(&setup, path, from, to);
    }
    for verb in ["check-config", "serve"] {
        let said = davy([verb, "--config", &config]).await.ended(78);
        for (_, _, _, place) in SPOILT {
            assert!(said.err.contains(place), "{verb} does not tell {place}:\n{}", said.err);
        }
        assert!(said.err.contains("did you mean \"ppm\""), "{verb} proposes nothing:\n{}", said.err);
    }
    assert!(!setup.path("data").exists(), "nothing is written before the files are right");
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_refused_with_every_problem() {
    let setup = works();
    setup
        .configure("payload_kb_max = 3\n[door]\nlisten = \"0.0.0.0:1883\"\nclients_file = \"nobody.toml\"\n");
    let config = setup.config().display().to_string();
    let said = davy(["check-config", "--config", &config]).await.ended(78);
    assert!(said.err.contains("did you mean \"payload_kib_max\""), "{}", said.err);
    for verb in ["check-config", "serve"] {
        let said = davy([verb, "--config", &config]).await.ended(78);
        assert!(
            said.err.contains("door.listen") && said.err.contains("nobody.toml"),
            "{verb}:\n{}",
            said.err
        );
    }
    let missing = setup.path("none.toml").display().to_string();
    davy(["serve", "--config", &missing]).await.ended(78);
}

/// What `serve` would stop at, and what it would start with and nobody wants.
#[tokio::test]
async fn accounts_and_names_that_nobody_has_are_told_before_anything_starts() {
    let setup = works();
    let listens =
        "[access]\naccounts_file = \"accounts.toml\"\n[[consumer]]\nname = \"desk\"\ncaller = \"scada\"\n";
    setup.configure(&format!("{listens}sites = [\"nope\"]\n[tree]\nworx = \"37\"\n"));
    setup.write("accounts.toml", "[[account]]\nname = \"ann\"\nnonsense = 1\n");
    let config = setup.config().display().to_string();
    davy(["serve", "--config", &config]).await.ended(78);
    let said = davy(["check-config", "--config", &config]).await.ended(78);
    for due in ["accounts.toml: ", "consumer desk sites: no site is called nope"] {
        assert!(said.err.contains(due), "{due}:\n{}", said.err);
    }
    setup.configure(&format!("{listens}[tree]\nworx = \"37\"\n"));
    setup.write("accounts.toml", "");
    let said = davy(["check-config", "--config", &config]).await.ended(0);
    for due in ["tree.worx: no site is called worx", "consumer desk caller: no account is called scada"] {
        assert!(said.out.contains(due), "{due}:\n{}", said.out);
    }
}

#[tokio::test]
async fn a_running_davy_keeps_its_files_until_new_ones_are_right() {
    let setup = works();
    setup.configure("");
    let server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    let mut alerts = grpc.subscribe_from_now().await;
    let login = Login { id: "gw-1", user: None };
    let mut gateway = Mqtt::connect(server.door().await, Version::V311, login).await.expect("let in");
    let first = grpc.site("works").await.revision;

    spoil(&setup, "works/rules/h2s.yaml", "7.05 ppm", "7.05 bananas");
    server.hang_up();
    wait_until("the bad files are refused", LONG, async || {
        server.log().contains("nothing has changed").then_some(())
    })
    .await;
    assert!(server.log().contains("rules/h2s.yaml:5:"), "the place is told");
    assert_eq!(grpc.site("works").await.revision, first, "the old files stay active");
    raise(&mut gateway, &mut alerts, 0, 7.05).await;

    setup.write("works/rules/h2s.yaml", &RULES.replace("7.05 ppm", "3 ppm"));
    server.hang_up();
    wait_until("the good files are active", LONG, async || {
        (grpc.site("works").await.revision != first).then_some(())
    })
    .await;
    raise(&mut gateway, &mut alerts, 1, 3.0).await;
}

async fn raise(gateway: &mut Mqtt, alerts: &mut davy_tests::Subscriber, place: usize, ppm: f64) {
    let tag = good_tag(place);
    let payload = format!(r#"{{"tag":"{tag}","value":{ppm}}}"#);
    gateway.publish("davy/v1/works/gw-1/readings", payload.as_bytes()).await.expect("it goes out");
    let what = format!("{tag} at {ppm} ppm raises");
    let raised = alerts.alert(&what, Duration::from_secs(20), |alert| alert.subject == tag).await;
    assert_eq!((raised.transition(), raised.value), (TransitionKind::Raised, Some(ppm)), "{what}");
}
