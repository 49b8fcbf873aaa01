//! Who did what to a running Davy is noted, told, signed, and checked.

use std::{fs, sync::Arc, time::Duration};

use davy_journal::{
    OwnDisk,
    audit::{AuditReport, Key, Trusted, verify},
};
use davy_model::BundleFile;
use davy_proto::v1::{self as wire, AuditServiceListRequest, CommandTarget, RevisionTarget};
use davy_server::{
    AuditConfig, Config, Server, SiteSource,
    rpc::v1::{
        alarm_service_client::AlarmServiceClient, audit_service_client::AuditServiceClient,
        dead_letter_service_client::DeadLetterServiceClient, rule_service_client::RuleServiceClient,
    },
};
use tonic::{Status, transport::Channel};
use tonic_types::StatusExt;

struct House {
    data: tempfile::TempDir,
    elsewhere: tempfile::TempDir,
}

impl House {
    fn new() -> House {
        let folder = || tempfile::tempdir().expect("a folder");
        House { data: folder(), elsewhere: folder() }
    }

    async fn start(&self) -> (Server, Channel) {
        let file = |path: &str, text: &str| BundleFile { path: path.to_owned(), text: text.to_owned() };
        let files = vec![file("site.yaml", "site: park\n"), file("tags.csv", "tag,quantity\nT,number\n")];
        let data = self.data.path().to_owned();
        let mut config = Config {
            canary: None,
            history: None,
            ..Config::on_loopback(data, vec![SiteSource::Files(files)], 0, 0)
        };
        config.heartbeat_every = Duration::from_millis(100);
        config.audit =
            AuditConfig { checkpoints: Some(self.elsewhere.path().to_owned()), ..AuditConfig::default() };
        let server = Server::start(config).await.expect("it starts");
        let channel = Channel::from_shared(format!("http://{}", server.http_addr())).expect("an address");
        (server, channel.connect().await.expect("it answers"))
    }

    fn verify(&self) -> AuditReport {
        let key = Key::load(&self.data.path().join("audit.key")).expect("a key").public();
        let trusted = Trusted { keys: vec![key], off_box: Vec::new() };
        let trusted = trusted.with_checkpoints_of(self.elsewhere.path()).expect("readable");
        let disk: Arc<dyn davy_journal::Disk> = Arc::new(OwnDisk);
        verify(&disk, &self.data.path().join("audit"), &trusted).expect("a log")
    }
}

fn code(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

fn target(actor: &str) -> Option<CommandTarget> {
    let alarm = "park:h2s:gt-1".to_owned();
    Some(CommandTarget {
        alarm,
        actor: actor.to_owned(),
        comment: "seen".to_owned(),
        ..CommandTarget::default()
    })
}

async fn entries(channel: &Channel, request: AuditServiceListRequest) -> Vec<wire::AuditEntry> {
    let answer =
        AuditServiceClient::new(channel.clone()).list(request).await.expect("an answer").into_inner();
    answer.entries
}

/// Asks for everything that is noted; gives the reason codes.
async fn ask(channel: &Channel, actor: &str) -> Vec<String> {
    let mut alarms = AlarmServiceClient::new(channel.clone());
    let mut rules = RuleServiceClient::new(channel.clone());
    let mut letters = DeadLetterServiceClient::new(channel.clone());
    let acknowledged =
        alarms.acknowledge(wire::AlarmServiceAcknowledgeRequest { target: target(actor) }).await;
    let revision = RevisionTarget {
        site: "park".to_owned(),
        revision: "0123456789ab".to_owned(),
        actor: actor.to_owned(),
        comment: "because".to_owned(),
        ..Default::default()
    };
    let target = Some(revision);
    let looked = wire::RuleServiceApproveRequest { target: target.clone(), validate_only: true };
    // What was only looked at is not noted.
    assert_eq!(code(&rules.approve(looked).await.expect_err("no such revision")), "REVISION_UNKNOWN");
    let activated = wire::RuleServiceActivateRequest { target: target.clone(), ..Default::default() };
    let activated = rules.activate(activated).await;
    let approved = rules.approve(wire::RuleServiceApproveRequest { target, ..Default::default() }).await;
    let replay = wire::DeadLetterServiceReplayRequest {
        ids: vec!["park/7".to_owned()],
        actor: actor.to_owned(),
        ..Default::default()
    };
    let replayed = letters.replay(replay).await;
    let codes = [
        acknowledged.map(drop).map_err(|status| code(&status)),
        activated.map(drop).map_err(|status| code(&status)),
        approved.map(drop).map_err(|status| code(&status)),
        replayed.map(drop).map_err(|status| code(&status)),
    ];
    codes.into_iter().map(|code| code.err().unwrap_or_default()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_asked_for_is_told_with_who_asked_and_what_came_of_it() {
    let house = House::new();
    let (server, channel) = house.start().await;
    let codes = ask(&channel, "li").await;
    assert_eq!(codes, ["ALARM_UNKNOWN", "REVISION_UNKNOWN", "REVISION_UNKNOWN", "REQUEST_INVALID"]);
    let all = entries(&channel, AuditServiceListRequest::default()).await;
    let words = all.iter().rev().map(|entry| entry.what.as_str());
    let words: Vec<_> = words.filter(|word| *word != "checkpoint").collect();
    assert!(words.starts_with(&["key", "start", "configuration"]), "{words:?}");
    let asked = AuditServiceListRequest { who: "li".to_owned(), ..AuditServiceListRequest::default() };
    let noted = entries(&channel, AuditServiceListRequest { only_refused: true, ..asked.clone() }).await;
    let told: Vec<_> = noted.iter().rev().map(|entry| (entry.what.as_str(), entry.code.as_str())).collect();
    let due = [
        ("command", "ALARM_UNKNOWN"),
        ("rule_change", "REVISION_UNKNOWN"),
        ("rule_change", "REVISION_UNKNOWN"),
        ("replay", "REQUEST_INVALID"),
    ];
    assert_eq!(told, due);
    let first = noted.last().expect("four");
    let who = first.who.clone().expect("somebody");
    assert_eq!((who.kind.as_str(), first.on.as_str()), ("local", "park:h2s:gt-1"));
    assert!(who.address.starts_with("127.0.0.1:"), "{who:?}");
    assert!(first.after_json.contains("\"command\":\"acknowledge\""), "{}", first.after_json);
    // Page by page they are the same.
    let (mut paged, mut page_token) = (Vec::new(), String::new());
    loop {
        let request =
            AuditServiceListRequest { page_size: 3, page_token, ..AuditServiceListRequest::default() };
        let answer =
            AuditServiceClient::new(channel.clone()).list(request).await.expect("a page").into_inner();
        paged.extend(answer.entries);
        page_token = answer.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(paged.iter().filter(|entry| entry.who == first.who).count(), 4);
    server.shutdown().await;
    let report = house.verify();
    assert!(report.is_whole() && report.off_box > 0, "{report:?}");
    // A restart goes on in the same chain, and what is cut off meanwhile is missed.
    let (server, _) = house.start().await;
    server.shutdown().await;
    let again = house.verify();
    assert!(again.is_whole() && again.last > report.last, "{again:?}");
    let folder = house.data.path().join("audit");
    let log = fs::read_dir(&folder).expect("a folder").flatten().map(|file| file.path());
    let log = log.filter(|path| path.extension().is_some_and(|end| end == "jsonl")).max().expect("a file");
    let text = fs::read_to_string(&log).expect("lines");
    let cut: Vec<&str> = text.lines().take(usize::try_from(report.last).expect("few") - 2).collect();
    fs::write(&log, cut.join("\n") + "\n").expect("written");
    assert_eq!(house.verify().first_bad(), Some(report.last - 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_log_cannot_be_written_only_what_can_wait_is_refused() {
    let house = House::new();
    // Where the log must be stands something else.
    let folder = house.data.path().join("audit");
    fs::write(&folder, "in the way").expect("written");
    let (server, channel) = house.start().await;
    let codes = ask(&channel, "li").await;
    assert_eq!(codes, ["ALARM_UNKNOWN", "AUDIT_UNAVAILABLE", "AUDIT_UNAVAILABLE", "AUDIT_UNAVAILABLE"]);
    let mut alarms = AlarmServiceClient::new(channel.clone());
    let fault = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let list =
                alarms.list(wire::AlarmServiceListRequest::default()).await.expect("alarms").into_inner();
            if let Some(alarm) = list.alarms.into_iter().find(|alarm| alarm.id == "park:davy-fault:audit") {
                return alarm;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let fault = fault.await.expect("an operator is told");
    assert!(fault.title.is_some());
    fs::remove_file(&folder).expect("ours");
    // What was asked for meanwhile is noted once it can be.
    let noted = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            let noted = entries(&channel, AuditServiceListRequest::default()).await;
            if ["failed", "replay"].iter().all(|word| noted.iter().any(|entry| entry.what == *word)) {
                return noted;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let noted = noted.await.expect("it is written again");
    let refused = noted.iter().filter(|entry| entry.code == "AUDIT_UNAVAILABLE").count();
    assert_eq!((refused, noted.iter().filter(|entry| entry.what == "command").count()), (3, 1));
    assert_eq!(ask(&channel, "li").await[1], "REVISION_UNKNOWN");
    server.shutdown().await;
    assert!(house.verify().is_whole());
}
