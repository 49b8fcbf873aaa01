//! `davy watch-engine` as a plant uses it: what it runs, how it ends, what it says where nobody answers.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use davy_tests::{LONG, Setup, Watchdog, davy, wait_until};

use super::{QUICK, SILENCE, SILENCE_AND_SMALL, park, until_the_canary_is_back};

#[tokio::test]
async fn once_says_by_its_exit_code_whether_all_is_well() {
    let (_setup, mut server, grpc) = park(QUICK).await;
    until_the_canary_is_back(&grpc).await;
    let url = server.url();
    let said = davy(["watch-engine", "--once", "--url", &url]).await.ended(0);
    assert_eq!(said.out, "", "nothing to say when all is well");
    // A site that is not there is never heard.
    let said = davy(["watch-engine", "--once", "--silence", "1s", "--sites", "nowhere", "--url", &url]).await;
    let word = said.clone().ended(1);
    assert!(word.out.contains("MONITORING LOST of nowhere"), "{}", word.out);
    server.kill();
    let said =
        davy(["watch-engine", "--once", "--json", "--silence", "1s", "--url", &url]).await.ended(1).one();
    assert_eq!((said["event"].as_str(), said["alarm"].as_bool()), (Some("lost"), Some(true)), "{said}");
}

#[tokio::test]
async fn the_program_is_run_with_what_happened_and_without_a_shell() {
    let setup = Setup::new();
    let script = "#!/bin/sh\nprintf '%s|%s|%s|%s|%s\\n' \"$DAVY_EVENT\" \"$DAVY_SITE\" \"$DAVY_SILENT_S\" \"$1\" \"$2\" >> \"$0.log\"\n";
    setup.write("horn", script);
    let horn = setup.path("horn");
    fs::set_permissions(&horn, fs::Permissions::from_mode(0o755)).expect("one's own file");
    let horn = horn.display().to_string();
    let args = ["--silence", SILENCE, "--exec", &horn, "--", "$(reboot)", "two words"];
    let mut dog = Watchdog::start("http://127.0.0.1:1", &args);
    let lost = dog.says("nobody is there", SILENCE_AND_SMALL).await;
    assert_eq!((lost.event.as_str(), lost.site.as_str()), ("lost", ""), "{lost:?}");
    let log = setup.path("horn.log");
    let told = wait_until("the horn", LONG, async || {
        fs::read_to_string(&log).ok().filter(|text| text.ends_with('\n'))
    })
    .await;
    let fields: Vec<&str> = told.trim_end().split('|').collect();
    assert_eq!(fields.len(), 5, "once, with two arguments: {told}");
    assert_eq!((fields[0], fields[1]), ("lost", ""), "{told}");
    assert!(fields[2].parse::<f64>().is_ok_and(|silent_s| silent_s >= 2.0), "{told}");
    assert_eq!(fields[3..], ["$(reboot)", "two words"], "as typed: {told}");
}

#[tokio::test]
async fn a_program_that_is_not_there_silences_nobody() {
    let args = ["--silence", "1s", "--exec", "/nowhere/horn"];
    let mut dog = Watchdog::start("http://127.0.0.1:1", &args);
    assert_eq!(dog.says("nobody is there", Duration::from_secs(30)).await.event, "lost");
}
