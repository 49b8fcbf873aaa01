//! How a step is asked for: only to see what would come of it, only if nobody was quicker, or again.

use davy_proto::v1::{
    Revision, RevisionState, RevisionTarget, RuleServiceActivateRequest, RuleServiceApproveRequest,
    RuleServiceProposeRequest, RuleServiceRollbackRequest, RuleServiceShadowRequest,
};
use davy_tests::{Davy, Grpc};
use tonic::Code;
use tonic_types::StatusExt;

use super::{LOOSER, RULES, WAS, Yard, service::files, text};

/// What is only looked at is answered as it would be, and refused as it would be, and nothing comes of it.
#[tokio::test]
async fn each_step_can_be_looked_at_before_it_is_taken() {
    let yard = Yard::served("").await;
    let old = yard.active().await;
    let new = yard.proposed(&yard.folder("new", WAS, LOOSER)).await;
    let looks = async |verb: &str, by: &str, more: &[&str]| {
        let words = [verb, "yard", &new, "--by", by, "--comment", "as talked over", "--validate-only"];
        yard.rules(&[&words[..], more].concat()).await
    };
    for (verb, more, by, due) in [
        // What is wanted, asked by whom, is where then.
        ("approve", &[][..], "wu", Err("SECOND_PERSON_NEEDED")),
        ("activate", &[], "li", Err("REVISION_STATE")),
        ("reject", &[], "li", Ok("rejected")),
        ("approve", &[], "li", Ok("approved")),
        ("shadow", &[], "li", Ok("shadow")),
        ("shadow", &["--end"], "li", Ok("approved")),
        ("activate", &[], "li", Ok("active")),
        ("rollback", &[], "li", Ok("active")),
    ] {
        let before = yard.revision(&new).await;
        let said = looks(verb, by, more).await;
        assert_eq!(yard.revision(&new).await["events"], before["events"], "{verb}: nothing came of it");
        match due {
            Err(reason) => assert_eq!(said.refused(), reason, "{verb}"),
            Ok(state) => {
                assert_eq!(text(&said.ended(0).one(), "state"), state, "{verb}");
                // Then it is taken, and comes to the same.
                if verb != "reject" {
                    let words = [verb, "yard", &new, "--by", by, "--comment", "as talked over"];
                    let done = yard.rules(&[&words[..], more].concat()).await.ended(0).one();
                    assert_eq!(text(&done, "state"), state, "{verb}");
                }
            }
        }
    }
    assert_eq!(yard.active().await, old);
}

/// Two people look at the same revision, and the second to decide is told that it is no longer what they saw.
#[tokio::test]
async fn nobody_decides_on_what_they_have_not_seen() {
    let yard = Yard::served("").await;
    let old = yard.active().await;
    let new = yard.proposed(&yard.folder("new", WAS, LOOSER)).await;
    let asks = async |verb: &str, revision: &str, etag: &str, more: &[&str]| {
        let words = [verb, "yard", revision, "--by", "li", "--comment", "as talked over", "--etag", etag];
        yard.rules(&[&words[..], more].concat()).await
    };
    let mut seen = text(&yard.revision(&new).await, "etag");
    assert_eq!(text(&yard.revision(&new).await, "etag"), seen, "nothing was done with it");
    let only_looked = asks("approve", &new, &seen, &["--validate-only"]).await.ended(0).one();
    assert_eq!(text(&only_looked, "etag"), "", "it does not stand so");
    for (verb, more) in [("approve", &[][..]), ("shadow", &[]), ("shadow", &["--end"]), ("activate", &[])] {
        assert_eq!(asks(verb, &new, "0123456789abcdef", more).await.refused(), "REVISION_CHANGED", "{verb}");
        let looked = asks(verb, &new, "0123456789abcdef", &[more, &["--validate-only"]].concat()).await;
        assert_eq!(looked.refused(), "REVISION_CHANGED", "{verb}");
        let done = asks(verb, &new, &seen, more).await.ended(0).one();
        assert_ne!(text(&done, "etag"), seen, "{verb}");
        assert_eq!(asks(verb, &new, &seen, more).await.refused(), "REVISION_CHANGED", "{verb} once more");
        seen = text(&done, "etag");
        assert_eq!(text(&yard.revision(&new).await, "etag"), seen, "{verb}");
    }
    // What is taken back is what was seen to be active.
    assert_eq!(asks("rollback", &new, "0123456789abcdef", &[]).await.refused(), "REVISION_CHANGED");
    asks("rollback", &new, &seen, &[]).await.ended(0);
    assert_eq!(yard.active().await, old);
    assert_eq!(asks("reject", &new, &seen, &[]).await.refused(), "REVISION_CHANGED");
}

/// What a program is told of it: what stands now, to look at it again.
#[tokio::test]
async fn a_stale_etag_is_answered_with_how_the_revision_stands() {
    let yard = Yard::served("").await;
    let new = yard.proposed(&yard.folder("new", WAS, LOOSER)).await;
    let now = text(&yard.revision(&new).await, "etag");
    let target = RevisionTarget {
        site: "yard".to_owned(),
        revision: new[..6].to_owned(),
        actor: "li".to_owned(),
        etag: "stale".to_owned(),
        ..RevisionTarget::default()
    };
    let asked = RuleServiceApproveRequest { target: Some(target), validate_only: false };
    let mut rules = Grpc::connect(yard.server.http()).await.rules();
    let refused = rules.approve(asked).await.expect_err("somebody was quicker");
    assert_eq!(refused.code(), Code::Aborted, "{refused}");
    let told = refused.get_details_error_info().expect("why");
    let told = |key: &str| told.metadata.get(key).map_or("", String::as_str).to_owned();
    assert_eq!(
        ["site", "revision", "state", "etag"].map(told),
        ["yard".to_owned(), new, "proposed".to_owned(), now]
    );
}

/// Steps that are sent again, for nobody heard whether the first came through: the whole life of a revision, and every step of it
/// again at the end, on another Davy that knows the same files.
#[tokio::test]
async fn a_step_sent_again_is_taken_once_also_after_a_restart() {
    let mut yard = Yard::served("").await;
    let old = yard.active().await;
    let new = asked(&yard, "propose", "wu", "").await.revision;
    let steps = ["approve", "shadow", "end", "activate", "roll back"];
    for step in steps {
        asked(&yard, step, "li", &new).await;
    }
    let told = yard.revision(&new).await;
    for kills in [false, true] {
        if kills {
            yard.server.kill();
            yard.server = Davy::serve(&yard.setup.config()).await;
        }
        // They are answered with how it stands, and nothing is done.
        let retired = asked(&yard, "propose", "wu", "").await;
        assert_eq!((retired.revision.as_str(), retired.state()), (new.as_str(), RevisionState::Retired));
        for step in steps {
            let due = if step == "roll back" { &old } else { &new };
            assert_eq!(asked(&yard, step, "li", &new).await.revision, *due, "{step}");
        }
        assert_eq!(yard.revision(&new).await["events"], told["events"], "killed: {kills}");
        assert_eq!(yard.active().await, old);
    }
}

/// Asks for a step under its own name as an id: how the revision stands.
async fn asked(yard: &Yard, step: &str, by: &str, revision: &str) -> Revision {
    let mut rules = Grpc::connect(yard.server.http()).await.rules();
    let (actor, comment, request_id) = (by.to_owned(), "as talked over".to_owned(), step.to_owned());
    let target = Some(RevisionTarget {
        site: "yard".to_owned(),
        revision: revision.to_owned(),
        actor: actor.clone(),
        comment: comment.clone(),
        etag: String::new(),
        request_id: request_id.clone(),
    });
    let validate_only = false;
    let answer = match step {
        "propose" => {
            let files = files(&RULES.replacen(WAS, LOOSER, 1));
            let request =
                RuleServiceProposeRequest { files, actor, comment, request_id, ..Default::default() };
            rules.propose(request).await.map(|it| it.into_inner().revision)
        }
        "approve" => {
            let request = RuleServiceApproveRequest { target, validate_only };
            rules.approve(request).await.map(|it| it.into_inner().revision)
        }
        "shadow" | "end" => {
            let request = RuleServiceShadowRequest { target, end: step == "end", validate_only };
            rules.shadow(request).await.map(|it| it.into_inner().revision)
        }
        "activate" => {
            let request = RuleServiceActivateRequest { target, validate_only };
            rules.activate(request).await.map(|it| it.into_inner().revision)
        }
        _ => {
            let request = RuleServiceRollbackRequest { target, validate_only };
            rules.rollback(request).await.map(|it| it.into_inner().revision)
        }
    };
    answer.unwrap_or_else(|status| panic!("{step}: {status}")).expect("a revision")
}
