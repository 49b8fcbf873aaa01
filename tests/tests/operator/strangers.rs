//! Programs that were never told more than an address.

use std::process::Stdio;

use davy_tests::{Said, lines_of, python, workspace};
use tokio::process::Command;

use super::{H2S, TOPIC, park};

/// `tests/python/reflect.py`.
async fn reflect(args: &[&str]) -> Option<Said> {
    let script = workspace().join("tests/python/reflect.py");
    let mut command = Command::new(python()?);
    command.arg(script).args(args).stdin(Stdio::null()).kill_on_drop(true);
    let call = format!("{:?}", command.as_std());
    let output = command.output().await.unwrap_or_else(|error| panic!("{call}: {error}"));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let (out, err) = (text(output.stdout), text(output.stderr));
    Some(Said { call, code: output.status.code().unwrap_or(-1), out, err })
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
