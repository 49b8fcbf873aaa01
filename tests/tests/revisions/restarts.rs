//! What is active is active over every end: of the process, in the middle of a change, and of what its folder says.

use std::time::Duration;

use davy_tests::{Davy, Grpc, LONG, davy, wait_until};

use super::{LOOSER, RULES, WAS, Yard};

impl Yard {
    async fn start_again(&mut self) {
        self.gateway = None;
        self.server = Davy::serve(&self.setup.config()).await;
    }

    /// Writes other rules into the site's own folder.
    fn change_folder(&self, from: &str, to: &str) {
        self.setup.write("yard/rules/gas.yaml", &RULES.replacen(from, to, 1));
    }

    /// The revision that the engine judges by.
    async fn judged_by(&self) -> String {
        Grpc::connect(self.server.http()).await.site("yard").await.revision
    }
}

#[tokio::test]
async fn what_a_call_made_active_outlives_the_process_until_the_folder_is_changed() {
    let mut yard = Yard::served("").await;
    let old = yard.active().await;
    let new = yard.proposed(&yard.folder("new", WAS, LOOSER)).await;
    yard.does("approve", &new, "li").await;
    yard.does("activate", &new, "li").await;
    for round in 0..2 {
        if round == 0 {
            yard.server.kill();
        } else {
            assert_eq!(yard.server.stop().await, 0);
        }
        yard.start_again().await;
        assert_eq!(
            (yard.active().await, yard.judged_by().await),
            (new.clone(), new.clone()),
            "round {round}"
        );
    }
    // A reload of a folder that nobody changed changes nothing.
    yard.server.hang_up();
    wait_until("it was looked at", LONG, async || {
        yard.server.log().contains("the sites' files are what they were").then_some(())
    })
    .await;
    assert_eq!(yard.active().await, new);
    // One that somebody changed does, and is in the history.
    yard.change_folder(WAS, "at_or_above: 8 ppm, clear_below: 7 ppm");
    yard.server.hang_up();
    let other = wait_until("the folder's files are active", LONG, async || {
        Some(yard.active().await).filter(|active| *active != new)
    })
    .await;
    assert_eq!(yard.judged_by().await, other);
    let told = yard.revision(&other).await;
    assert_eq!(
        (&told["events"][0]["what"], &told["base"]),
        (&"files".into(), &new.as_str().into()),
        "{told}"
    );
    assert_eq!(yard.does("rollback", &other, "wu").await, "active");
    assert_eq!(yard.judged_by().await, new);
    assert_ne!(new, old);
    the_folder_is_brought_up_to_date(&yard, &new).await;
}

async fn the_folder_is_brought_up_to_date(yard: &Yard, active: &str) {
    let url = yard.server.url();
    let told = || davy(["rules", "history", "yard", "--server", &url]);
    assert!(told().await.ended(0).out.contains("the site's folder holds"));
    let folder = yard.setup.path("yard").display().to_string();
    yard.rules(&["history", "yard", active, "--to", &folder]).await.ended(0);
    yard.server.hang_up();
    wait_until("the folder is what is active", LONG, async || {
        (!told().await.ended(0).out.contains("the site's folder holds")).then_some(())
    })
    .await;
    assert_eq!((yard.active().await, yard.judged_by().await), (active.to_owned(), active.to_owned()));
}

/// Killed at any moment of an activation, it is one or the other afterwards, for everybody.
#[tokio::test]
async fn an_activation_that_is_cut_off_is_whole_or_was_not() {
    let mut yard = Yard::served("").await;
    let (mut old, mut done) = (yard.active().await, 0);
    for round in 0..12_u32 {
        let folder = yard.folder("new", WAS, &format!("at_or_above: {} ppm, clear_below: 9 ppm", 20 + round));
        let new = yard.proposed(&folder).await;
        yard.does("approve", &new, "li").await;
        let (url, wanted) = (yard.server.url(), new.clone());
        let call = tokio::spawn(async move {
            davy(["rules", "activate", "yard", &wanted, "--by", "li", "--server", &url]).await
        });
        // From before the call comes in until after it is answered.
        tokio::time::sleep(Duration::from_millis(u64::from(round) * 5)).await;
        yard.server.kill();
        let answered = call.await.expect("the call ends").code == 0;
        yard.start_again().await;
        let active = yard.active().await;
        assert!(
            active == new || (active == old && !answered),
            "round {round}: {active}, answered: {answered}"
        );
        assert_eq!(yard.judged_by().await, active, "round {round}");
        done += u32::from(active == new);
        old = active;
    }
    println!("{done} of 12 activations were whole");
    assert!((1..=12).contains(&done), "{done} were whole");
}

#[tokio::test]
async fn a_shadow_goes_on_after_a_restart_with_what_it_has_seen() {
    let mut yard = Yard::served("").await;
    let new = yard.proposed(&yard.folder("new", WAS, LOOSER)).await;
    yard.does("approve", &new, "li").await;
    yard.does("shadow", &new, "li").await;
    yard.send("AT-1/h2s", 12.0).await;
    yard.server.kill();
    yard.start_again().await;
    let shadow = wait_until("the shadow has caught up", LONG, async || {
        let shadow = yard.revision(&new).await["shadow"].clone();
        (shadow["is_current"] == true).then_some(shadow)
    })
    .await;
    assert_eq!((&shadow["raises_active"], &shadow["lost"]), (&2.into(), &1.into()), "{shadow}");
}

/// Where folders only propose, nobody changes a limit alone by writing a file.
#[tokio::test]
async fn a_folder_that_only_proposes_waits_for_a_second_person() {
    let mut yard = Yard::served("[rules]\nfolders = \"propose\"\n").await;
    let old = yard.active().await;
    yard.change_folder(WAS, LOOSER);
    yard.server.hang_up();
    let proposed = wait_until("the folder is a proposal", LONG, async || {
        let all = yard.rules(&["history", "yard"]).await.ended(0).json();
        all.into_iter().find(|one| one["state"] == "proposed")
    })
    .await;
    assert_eq!(
        (&proposed["second_person"], &proposed["base"]),
        (&true.into(), &old.as_str().into()),
        "{proposed}"
    );
    assert_eq!(yard.judged_by().await, old);
    assert_eq!(yard.server.stop().await, 0);
    yard.start_again().await;
    assert_eq!(yard.judged_by().await, old, "nor does a restart make it active");
    let new = super::text(&proposed, "revision");
    yard.does("approve", &new, "li").await;
    yard.does("activate", &new, "li").await;
    assert_eq!(yard.judged_by().await, new);
}

#[tokio::test]
async fn a_damaged_file_of_revisions_stops_the_start_and_says_so() {
    let mut yard = Yard::served("").await;
    assert_eq!(yard.server.stop().await, 0);
    yard.setup
        .write("data/revisions.db", "this is no database, but it is long enough to be looked at as one");
    let mut server = Davy::start(&yard.setup.config());
    assert!(!server.listens_or_ends().await, "it does not start");
    assert!(server.log().contains("revisions.db"), "{}", server.log());
}
