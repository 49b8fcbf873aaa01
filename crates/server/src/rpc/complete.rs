//! Errors that are made between the wire and the services have Davy's words too.

use axum::response::Response;
use tonic::{Code, Status};

use super::status;

/// The same answer; an error without a reason code gets one.
pub(crate) async fn complete(response: Response) -> Response {
    let status = Status::from_header_map(response.headers());
    match status.filter(|status| status.code() != Code::Ok && status.details().is_empty()) {
        Some(status) => status::completed(status).into_http(),
        None => response,
    }
}
