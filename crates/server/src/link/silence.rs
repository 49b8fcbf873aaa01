//! What is told as a fault of Davy when a link is silent.

use std::{sync::Arc, time::Duration};

use davy_model::{Text, Tier};

use super::Lower;
use crate::hub::Hub;

/// How long nothing may reach the upper Davy before that is told: one that starts again is none of an operator's business.
const UPWARD_GRACE: Duration = Duration::from_secs(60);

/// Something that is silent, or is heard.
pub(crate) struct Silence {
    /// What the alarm is about.
    pub(crate) part: String,
    pub(crate) tier: Tier,
    pub(crate) silent: bool,
    pub(crate) text: Text,
}

/// How a lower Davy and each of its sites does. What cannot be told yet is left out: what stood before a restart stands on.
pub(crate) fn silences(hub: &Hub, lower: &Lower) -> Vec<Silence> {
    let Some(silent) = lower.is_silent(lower.heard_age()) else { return Vec::new() };
    let (name, tier, after) = (&lower.config.name, lower.config.tier, lower.config.silent_after.as_secs());
    let mut found = vec![Silence {
        part: format!("lower-{name}"),
        tier,
        silent,
        text: Text::both(
            format!(
                "nothing was heard of the lower Davy {name} for {after} s: nobody here sees its alarms; look at it, and at the line"
            ),
            format!("下级 Davy {name} 已 {after} 秒无消息：此处看不到其报警；请检查该系统和线路"),
        ),
    }];
    // Of a lower one that is silent, no site can be told apart.
    for site in lower.config.sites.iter().filter(|_| !silent) {
        let service = hub.sites.get(site).and_then(|service| service.forwarded.as_ref());
        let Some(silent) = service.and_then(|site| lower.is_silent(site.heard_age())) else { continue };
        found.push(site_silence(site, name, tier, after, silent));
    }
    found
}

fn site_silence(site: &Arc<str>, lower: &str, tier: Tier, after: u64, silent: bool) -> Silence {
    let text = Text::both(
        format!(
            "{lower} brings no heartbeat of site {site} for {after} s: its alarms may not come; look at the Davy that judges it"
        ),
        format!("{lower} 已 {after} 秒未转来站点 {site} 的心跳：其报警可能无法到达；请检查判断该站点的 Davy"),
    );
    Silence { part: format!("lower-site-{site}"), tier, silent, text }
}

/// Whether nothing has reached the upper Davy for longer than is usual, and what is told then.
pub(crate) fn upward_fault(hub: &Hub) -> Option<(bool, Text)> {
    let standing = hub.upward.as_ref()?.standing();
    let down = standing.down(hub.clock.now());
    let why = down.as_ref().map_or("", |(_, why)| why);
    let text = Text::both(
        format!(
            "nothing reaches the Davy above ({why}): what it must know is kept for it; look at the line, and at davy tree"
        ),
        format!("无法向上级 Davy 上报（{why}）：需上报的内容已保留；请检查线路并查看 davy tree"),
    );
    Some((down.is_some_and(|(lasting, _)| lasting >= UPWARD_GRACE), text))
}
