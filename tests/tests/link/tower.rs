//! Davys one above the other on loopback, each with a site of its own.

use davy_proto::v1::{Alert, LinkServiceGetTreeRequest, LinkServiceGetTreeResponse, TreeSite};
use davy_tests::{
    Davy, Grpc, LONG, Setup,
    mqtt::{Login, Mqtt, Packet, Version},
    wait_until,
};

/// Twenty times as fast as in a plant, and nothing that is not looked at.
const QUICK: &str = "[heartbeat]\nevery = \"250ms\"\n[canary]\nenabled = false\n";

/// One Davy and its folder.
pub(crate) struct Floor {
    pub(crate) name: &'static str,
    pub(crate) setup: Setup,
    pub(crate) davy: Davy,
    pub(crate) grpc: Grpc,
    port: u16,
    next: u32,
}

fn files(site: &str) -> [(&'static str, String); 3] {
    [
        ("site.yaml", format!("site: {site}\ntitle: {{en: Site {site}, zh: 站点 {site}}}\nedge_nodes:\n  - {{id: gw}}\n")),
        ("tags.csv", "tag,title,quantity,unit,edge_node,reporting\nlevel,Level,number,1,gw,by_exception\n".to_owned()),
        (
            "rules/level.yaml",
            "rules:\n  - id: high\n    title: {en: Level high, zh: 液位高}\n    applies_to: {tag: level}\n    limit:\n      - {name: HH, tier: red, at_or_above: 80, clear_below: 80}\n    response:\n      action: {en: Close the valve, zh: 关闭阀门}\n      time_to_respond: 5m\n"
                .to_owned(),
        ),
    ]
}

fn configuration(name: &str, more: &str) -> String {
    format!("node = \"{name}\"\n{QUICK}{more}")
}

impl Floor {
    /// A Davy with a site called as itself, and `more` in its configuration.
    pub(crate) async fn serve(name: &'static str, more: &str) -> Floor {
        let mut setup = Setup::new();
        let files = files(name);
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        setup.site(name, &files);
        setup.configure(&configuration(name, more));
        let davy = Davy::serve(&setup.config()).await;
        let port = davy.http().port();
        let grpc = Grpc::connect(davy.http()).await;
        Floor { name, setup, davy, grpc, port, next: 0 }
    }

    /// Where the lower one calls it.
    pub(crate) fn link(&self) -> String {
        format!("[link]\nurl = {:?}\n", self.url())
    }

    /// Where it is, also while it is not there.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Killed, as by a power cut.
    pub(crate) fn kill(&mut self) {
        self.davy.kill();
    }

    /// Started again, where it was.
    pub(crate) async fn again(&mut self) {
        self.davy = Davy::serve_on(&self.setup.config(), self.port).await;
        self.grpc = Grpc::connect(self.davy.http()).await;
    }

    /// Has `more` in its configuration from its next start on.
    pub(crate) fn configures(&self, more: &str) {
        self.setup.configure(&configuration(self.name, more));
    }

    /// A gateway of its site.
    pub(crate) async fn gateway(&self) -> Mqtt {
        let login = Login { id: "gw", user: None };
        Mqtt::connect(self.davy.door().await, Version::V5, login).await.expect("the door is open")
    }

    /// Sends a level, and waits until it is durable. Every level is another.
    pub(crate) async fn sends(&mut self, gateway: &mut Mqtt, high: bool) {
        self.next += 1;
        let value = f64::from(self.next) / 1000.0 + if high { 90.0 } else { 10.0 };
        let payload = format!(r#"{{"readings": [{{"tag": "level", "value": {value}}}]}}"#);
        let topic = format!("davy/v1/{}/gw/readings", self.name);
        let id = gateway.publish(&topic, payload.as_bytes()).await.expect("the door is open");
        loop {
            match gateway.next().await.expect("an answer") {
                Packet::PubAck { id: acknowledged, .. } if acknowledged == id => return,
                _ => {}
            }
        }
    }

    /// Raises its alarm and clears it again, so many times.
    pub(crate) async fn swings(&mut self, times: u32) {
        let mut gateway = self.gateway().await;
        for _ in 0..times {
            self.sends(&mut gateway, true).await;
            self.sends(&mut gateway, false).await;
        }
    }

    pub(crate) async fn tree(&self) -> LinkServiceGetTreeResponse {
        self.grpc.links().get_tree(LinkServiceGetTreeRequest {}).await.expect("a tree").into_inner()
    }

    pub(crate) async fn site(&self, site: &str) -> TreeSite {
        let tree = self.tree().await;
        tree.sites.into_iter().find(|found| found.site == site).unwrap_or_else(|| panic!("no site {site}"))
    }

    /// Everything its journal has of a site, by gRPC.
    pub(crate) async fn transitions(&self, site: &str) -> Vec<Alert> {
        let (mut found, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = davy_proto::v1::AlarmServiceListTransitionsRequest {
                site: site.to_owned(),
                page_size: 1000,
                page_token,
                ..Default::default()
            };
            let page = self.grpc.alarms().list_transitions(request).await.expect("a page").into_inner();
            found.extend(page.transitions);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return found;
            }
        }
    }

    /// Waits until this one has all of a site that another has.
    pub(crate) async fn has_caught_up(&self, below: &Floor, site: &str) {
        wait_until("what is below is here", LONG, async || {
            let (there, here) = (below.site(site).await.sequence, self.site(site).await.sequence);
            (there == here).then_some(())
        })
        .await;
    }
}

/// A `[[lower]]`.
pub(crate) fn lower(name: &str, sites: &[&str]) -> String {
    format!(
        "[[lower]]\nname = \"{name}\"\nsites = {sites:?}\nbelow = \"370000/370500\"\nsilent_after = \"5s\"\n"
    )
}

/// Three of them, the top first, each with a site called as itself.
pub(crate) async fn tower() -> [Floor; 3] {
    let top = Floor::serve("top", &lower("middle", &["middle", "bottom"])).await;
    let middle = Floor::serve("middle", &format!("{}{}", top.link(), lower("bottom", &["bottom"]))).await;
    let bottom = Floor::serve("bottom", &middle.link()).await;
    [top, middle, bottom]
}
