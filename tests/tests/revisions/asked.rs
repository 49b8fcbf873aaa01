//! How a step is asked for: only to see what would come of it.

use super::{LOOSER, WAS, Yard, text};

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
