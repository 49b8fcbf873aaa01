//! `TelemetryService`: tags as they are now, and readings that history keeps.

mod asked;
mod form;
mod list;
mod look;
mod now;
mod page;
mod token;

use std::sync::Arc;

use davy_proto::v1 as wire;
use tonic::{Request, Response, Status, Streaming};

use super::{status, v1::telemetry_service_server::TelemetryService};
use crate::hub::Hub;

pub(crate) struct Telemetry {
    pub(crate) hub: Arc<Hub>,
}

#[tonic::async_trait]
impl TelemetryService for Telemetry {
    async fn query(
        &self,
        request: Request<wire::TelemetryServiceQueryRequest>,
    ) -> Result<Response<wire::TelemetryServiceQueryResponse>, Status> {
        look::query(&self.hub, request.get_ref()).await.map(Response::new)
    }

    async fn list_latest(
        &self,
        request: Request<wire::TelemetryServiceListLatestRequest>,
    ) -> Result<Response<wire::TelemetryServiceListLatestResponse>, Status> {
        list::list(&self.hub, request.get_ref()).map(Response::new)
    }

    async fn publish(
        &self,
        _: Request<Streaming<wire::TelemetryServicePublishRequest>>,
    ) -> Result<Response<wire::TelemetryServicePublishResponse>, Status> {
        let what = "readings are not taken over gRPC yet: publish the batch to davy/v1/{site}/{edge_node}/readings over MQTT";
        Err(status::status(tonic::Code::Unimplemented, "REQUEST_INVALID", what))
    }
}
