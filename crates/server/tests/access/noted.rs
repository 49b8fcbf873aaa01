//! What changes something is in the audit log, whoever asked and whatever came of it; what only looks is not.

use std::collections::BTreeMap;

use davy_access::{Role, permissions};
use davy_proto::v1 as wire;
use davy_server::{guard::permission_of, rpc::METHODS};
use prost::Message;
use prost_reflect::{DescriptorPool, MethodDescriptor, Value};

use super::{
    house::{House, accounts, token},
    requests::request,
};

/// What changes something and is not noted, and why.
const UNNOTED: [(&str, &str); 4] = [
    ("/davy.v1.AlertService/Confirm", "a cursor of the caller's own, which the ledger has"),
    ("/davy.v1.LinkService/Forward", "what it brings is in journals"),
    ("/davy.v1.SessionService/Logout", "a machine has no session that could end"),
    ("/davy.v1.TelemetryService/Publish", "what it brings is in journals"),
];

/// The paths of what changes something.
fn changing() -> Vec<String> {
    let reads = |method: &MethodDescriptor| {
        let options = method.options();
        let level = options.get_field_by_name("idempotency_level").map(|level| level.into_owned());
        level == Some(Value::EnumNumber(1))
    };
    let contract = DescriptorPool::decode(davy_proto::FILE_DESCRIPTOR_SET).expect("the contract");
    let methods = contract.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    methods
        .filter(|method| !reads(method))
        .map(|method| format!("/{}/{}", method.parent_service().full_name(), method.name()))
        .collect()
}

/// How many entries there are of each kind, but for those of Davy itself and of its log.
async fn noted(house: &House) -> BTreeMap<String, usize> {
    let asked = wire::AuditServiceListRequest { page_size: 1000, ..Default::default() };
    let auditor = token(Role::Auditor, "all");
    let answer = house.ask("/davy.v1.AuditService/List", Some(&auditor), asked.encode_to_vec()).await;
    let answer = wire::AuditServiceListResponse::decode(answer.expect("told")).expect("an answer");
    let mut words = BTreeMap::new();
    for entry in
        answer.entries.iter().filter(|entry| entry.who.as_ref().is_some_and(|who| who.kind != "davy"))
    {
        *words.entry(entry.what.clone()).or_default() += 1;
    }
    words
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_something_is_noted_and_what_looks_is_not() {
    let house = House::open(&accounts()).await;
    let changing = changing();
    assert!(changing.len() > 20, "{changing:?}");
    let mut wrong = Vec::new();
    for (path, _) in METHODS {
        let permission = permission_of(path);
        let may = |role: &Role| permission.needs_no_role() || permissions(*role).contains(&permission);
        let role = Role::ALL.into_iter().find(may).expect("somebody may");
        let before = noted(&house).await;
        // Most are refused for what they ask about: that is noted, too.
        drop(house.ask(path, Some(&token(role, "all")), request(path, "park").0).await);
        let changed = noted(&house).await != before;
        let unnoted = UNNOTED.iter().any(|(known, _)| known == path);
        if changed != (changing.iter().any(|known| known == path) && !unnoted) {
            wrong.push(format!("{path}: {}", if changed { "noted" } else { "not noted" }));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
