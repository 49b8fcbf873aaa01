//! Every method × every role × every kind of scope × every kind of credential, against the policy.

use davy_access::{Permission, Role, permissions};
use davy_server::{guard::permission_of, rpc::METHODS};

use super::{
    house::{House, SCOPES, accounts, code, token, word},
    requests::{Outside, request},
};

/// What is answered to a caller who is let in.
fn let_in(word: &str) -> bool {
    !["AUTH_FAILED", "NOT_ALLOWED", "SITE_UNKNOWN"].contains(&word)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_method_answers_every_role_in_every_scope_as_the_policy_says() {
    let house = House::open(&accounts()).await;
    let mut wrong = Vec::new();
    let mut tried = 0;
    for (path, _) in METHODS {
        let permission = permission_of(path);
        for role in Role::ALL {
            for (scope, _, covers) in SCOPES {
                let (bytes, outside) = request(path, "park");
                let answer = house.ask(path, Some(&token(role, scope)), bytes).await;
                let said = word(&answer);
                let holds = permission.needs_no_role() || permissions(role).contains(&permission);
                let right = match (holds, covers, outside) {
                    (false, _, _) => said == "NOT_ALLOWED",
                    // Nobody's password is tried here.
                    (true, _, _) if path.ends_with("/Login") => said == "AUTH_FAILED",
                    (true, true, _) | (true, false, Outside::NoSite) => let_in(&said),
                    (true, false, Outside::Unknown) => said == "SITE_UNKNOWN",
                    (true, false, Outside::Other(word)) => said == word,
                };
                tried += 1;
                if !right {
                    wrong.push(format!("{path} {} {scope}: {said}", role.word()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(tried, METHODS.len() * Role::ALL.len() * SCOPES.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_shows_nothing_good_is_nobody_to_every_method() {
    let house = House::open(&accounts()).await;
    let shown = [
        ("nothing", None),
        ("an unknown token", Some("token-of-nobody")),
        ("an expired account's", Some("token-expired")),
        ("a disabled account's", Some("token-disabled")),
        ("a session that never was", Some("davy_s_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
        ("an unsigned token", Some("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.")),
        ("the hash of a good one", Some("c2hhMjU2")),
        ("a name", Some("admin-all")),
    ];
    let mut wrong = Vec::new();
    for (path, _) in METHODS {
        for (what, token) in shown {
            let (bytes, _) = request(path, "park");
            let said = word(&house.ask(path, token, bytes).await);
            // To log in is for anybody; whoever is in this row has no password either.
            if said != "AUTH_FAILED" {
                wrong.push(format!("{path}, {what}: {said}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_never_says_which_part_was_wrong_nor_what_there_is() {
    let house = House::open(&accounts()).await;
    let ask = |path: &'static str, token: Option<&'static str>| house.ask(path, token, Vec::new());
    let told = |answer: Result<bytes::Bytes, tonic::Status>| {
        let status = answer.expect_err("refused");
        (status.code(), status.message().to_owned())
    };
    let first = told(ask("/davy.v1.AlarmService/List", None).await);
    for (path, token) in [
        ("/davy.v1.AlarmService/List", Some("wrong")),
        ("/davy.v1.AlarmService/List", Some("token-expired")),
        ("/davy.v1.AlarmService/List", Some("token-disabled")),
        ("/davy.v1.AlarmService/NoSuchMethod", None),
        ("/davy.v1.NoSuchService/List", None),
        ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", None),
        ("/davy.v1.RuleService/Approve", Some("wrong")),
    ] {
        assert_eq!(told(ask(path, token).await), first, "{path} {token:?}");
    }
    // A site beyond the scope is told of as one that there is not.
    let viewer = token(Role::Viewer, "sister");
    let (mut hidden, mut absent) = (Vec::new(), Vec::new());
    for (site, told_of) in [("park", &mut hidden), ("nowhere", &mut absent)] {
        let (bytes, _) = request("/davy.v1.AlarmService/Get", site);
        told_of.push(told(house.ask("/davy.v1.AlarmService/Get", Some(&viewer), bytes).await));
    }
    let (hidden, absent) = (&hidden[0], &absent[0]);
    assert_eq!(hidden.0, absent.0);
    assert_eq!(hidden.1.replace("park", "nowhere"), absent.1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_is_for_anybody_and_reflection_for_whoever_is_known() {
    let house = House::open(&accounts()).await;
    for (path, token, want) in [
        ("/grpc.health.v1.Health/Check", None, tonic::Code::Ok),
        ("/grpc.health.v1.Health/Check", Some("wrong"), tonic::Code::Ok),
        ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", None, tonic::Code::Unauthenticated),
        ("/davy.v1.AlarmService/NoSuchMethod", Some("token-bare"), tonic::Code::Unimplemented),
    ] {
        assert_eq!(code(&house.ask(path, token, Vec::new()).await), want, "{path} {token:?}");
    }
    let answer = house
        .ask("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Some("token-bare"), Vec::new())
        .await;
    assert_ne!(code(&answer), tonic::Code::Unauthenticated);
    assert_eq!(permission_of("/davy.v1.AlarmService/Shelve"), Permission::Operate);
}
