//! What each method asks of its caller.

use davy_proto::v1::Permission;

/// Every method of Davy's services by its path (`/davy.v1.AlarmService/List`), with the permission that its `.proto` names.
pub const METHODS: &[(&str, Permission)] = include!(concat!(env!("OUT_DIR"), "/methods.rs"));
