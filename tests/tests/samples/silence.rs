//! Silence means danger: a Davy that stands still is told aloud, and so is its return.

use davy_tests::{Davy, LONG, wait_until};

use super::{consumer::Consumer, park, publisher, until_confirmed};

/// Writes down what it is told.
const HORN: &str = "#!/bin/sh\nprintf '%s\\n' \"$1\" >> \"$(dirname \"$0\")/horn\"\n";

#[tokio::test]
async fn a_davy_that_stands_still_makes_each_of_them_sound_the_horn() {
    let setup = park(publisher::free_port().await);
    let server = Davy::serve(&setup.config()).await;
    let mut consumers = Consumer::each(&[("DAVY_SERVER", server.url())]).await;
    for consumer in &mut consumers {
        let horn = consumer.path("horn.sh");
        std::fs::write(&horn, HORN).expect("writable");
        std::process::Command::new("chmod").arg("+x").arg(&horn).status().expect("chmod runs");
        consumer.set("DAVY_LOST", &horn.display().to_string());
        consumer.start();
    }
    until_confirmed(&setup, &consumers, 0).await;
    // A heartbeat names the site; before it is heard, silence is of any site.
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    server.freeze();
    for consumer in &consumers {
        consumer.until_said("MONITORING LOST: no good heartbeat of park").await;
        let what = format!("{} sounds the horn", consumer.language());
        wait_until(&what, LONG, async || std::fs::read_to_string(consumer.path("horn")).ok()).await;
        let horn = std::fs::read_to_string(consumer.path("horn")).expect("as before");
        assert_eq!(horn.lines().count(), 1, "{}: once for each loss:\n{horn}", consumer.language());
        // The connection is open still, and nothing comes: it is hung up.
        consumer.until_said("the stream broke").await;
    }
    server.thaw();
    for consumer in &consumers {
        consumer.until_said("monitoring is back: park").await;
    }
}
