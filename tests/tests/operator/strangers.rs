//! Programs that were never told more than an address.

use std::process::Command;

use davy_tests::{Said, lines_of, python, workspace};

use super::{H2S, TOPIC, park};

/// `tests/python/reflect.py`.
async fn reflect(args: &[&str]) -> Option<Said> {
    let script = workspace().join("tests/python/reflect.py");
    let mut command = Command::new(python()?);
    command.arg(script).args(args);
    Some(Said::by(command).await)
}

#[tokio::test]
async fn a_plain_grpc_client_finds_lists_and_hears_alarms_by_reflection_alone() {
    let (_setup, server, _grpc) = park().await;
    let http = server.http().to_string();
    let Some(services) = reflect(&[&http, "services"]).await else { return };
    let services = services.ended(0).out;
    for service in ["AlarmService", "AlertService", "DeadLetterService", "SystemService"] {
        assert!(services.contains(&format!("davy.v1.{service}")), "no {service}:\n{services}");
    }
    assert!(services.contains("grpc.health.v1.Health"), "no health:\n{services}");

    let door = server.door().await.to_string();
    let payload = r#"{"readings":[{"tag":"AT-0412/h2s","value":12.4,"unit":"ppm"}]}"#;
    let heard = reflect(&[&http, "watch", "1", "--publish", &door, TOPIC, payload]).await.expect("as before");
    let alert = lines_of(&heard.ended(0).out).remove(0);
    assert_eq!(
        (&alert["alarm"], &alert["tier"], &alert["value"]),
        (&H2S.into(), &"TIER_ORANGE".into(), &12.4.into())
    );

    let listed = lines_of(&reflect(&[&http, "list"]).await.expect("as before").ended(0).out);
    assert!(listed.iter().any(|alarm| alarm["id"] == H2S), "{listed:?}");
}
