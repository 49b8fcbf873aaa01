//! `DeviceService`: who publishes, and how well each serves.

use std::sync::Arc;

use davy_intake::{DeviceScore, Marks, SiteDoor};
use davy_model::{NodeChange, Timestamp};
use davy_proto::v1 as wire;
use tonic::{Request, Response, Status};

use super::{
    lens::{Lens, Step},
    place::{Page, Place},
    status,
    v1::device_service_server::DeviceService,
};
use crate::{canary, guard::Admitted, hub::Hub};

pub(crate) struct Devices {
    pub(crate) hub: Arc<Hub>,
}

#[tonic::async_trait]
impl DeviceService for Devices {
    async fn list(
        &self,
        request: Request<wire::DeviceServiceListRequest>,
    ) -> Result<Response<wire::DeviceServiceListResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let place = Place::of(&request)?;
        let (filter, order_by) = (&request.filter, &request.order_by);
        let lens = Lens::of("davy.v1.Device", filter, order_by, request.read_mask.as_ref())?;
        let directory = &self.hub.intake.directory;
        let doors = match request.site.as_str() {
            "" => directory.sites().into_iter().filter(|door| *door.site.id != *canary::SITE).collect(),
            site => {
                let door = directory.site(site).filter(|_| by.may(site));
                vec![door.ok_or_else(|| status::unknown_site(site))?]
            }
        };
        let now = self.hub.clock.now();
        let devices = doors.iter().flat_map(|door| {
            let wanted = |device: &DeviceScore| {
                let is_asked = request.edge_node.is_empty() || *device.edge_node == *request.edge_node;
                is_asked && by.may_about(&door.site.id, &device.edge_node)
            };
            let list = door.scores.list().into_iter().filter(wanted);
            list.map(|device| self::device(door, &device, now)).collect::<Vec<_>>()
        });
        let own =
            |one: &wire::Device| vec![Step::up(&one.site), Step::up(&one.edge_node), Step::up(&one.device)];
        let Page { entries, next, total } = place.page(lens.chosen(devices.collect(), own));
        let devices = entries.into_iter().map(|device| lens.shown(device)).collect();
        Ok(Response::new(wire::DeviceServiceListResponse { devices, next_page_token: next, total }))
    }
}

fn device(door: &SiteDoor, device: &DeviceScore, now: Timestamp) -> wire::Device {
    let state = match door.presence.node(&device.edge_node).state() {
        None => "unknown",
        Some(NodeChange::Online) => "online",
        Some(NodeChange::Offline) => "offline",
        Some(NodeChange::Lost) => "lost",
    };
    let messages_lost = if device.device.is_none() { door.gaps.lost_by(&device.edge_node) } else { 0 };
    wire::Device {
        site: door.site.id.to_string(),
        edge_node: device.edge_node.to_string(),
        device: device.device.as_deref().unwrap_or_default().to_owned(),
        state: state.to_owned(),
        day: scorecard(&device.score.last_day(now)),
        week: scorecard(&device.score.last_week(now)),
        messages_lost,
    }
}

fn scorecard(marks: &Marks) -> Option<wire::Scorecard> {
    let card = marks.scorecard()?;
    Some(wire::Scorecard {
        online: card.online,
        timely: card.timely,
        complete: card.complete,
        valid: card.valid,
        plausible: card.plausible,
        clock: card.clock,
        total: card.total,
        grade: card.grade().to_string(),
        accepted: marks.accepted.into(),
        rejected: marks.rejected.into(),
    })
}
