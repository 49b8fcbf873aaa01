//! Which permission a path asks for.

use davy_access::Permission;
use davy_proto::v1 as wire;

use crate::rpc::METHODS;

/// The permission that a gRPC path asks for. What is unknown is for those who are known: nobody learns from a refusal what
/// there is.
pub fn permission_of(path: &str) -> Permission {
    let method = METHODS.iter().find(|(method, _)| *method == path);
    if let Some(permission) = method.and_then(|(_, permission)| of_wire(*permission)) {
        return permission;
    }
    if path.starts_with("/grpc.health.v1.Health/") {
        return Permission::Anyone;
    }
    Permission::SignedIn
}

/// The permissions of the wire beside those of the table.
const WORDS: [(wire::Permission, Permission); 12] = [
    (wire::Permission::Anyone, Permission::Anyone),
    (wire::Permission::SignedIn, Permission::SignedIn),
    (wire::Permission::View, Permission::View),
    (wire::Permission::Operate, Permission::Operate),
    (wire::Permission::Supervise, Permission::Supervise),
    (wire::Permission::Propose, Permission::Propose),
    (wire::Permission::Approve, Permission::Approve),
    (wire::Permission::Onboard, Permission::Onboard),
    (wire::Permission::Publish, Permission::Publish),
    (wire::Permission::Audit, Permission::Audit),
    (wire::Permission::Administer, Permission::Administer),
    (wire::Permission::Link, Permission::Link),
];

/// A permission as the wire says it.
pub(crate) fn wire_of(permission: Permission) -> wire::Permission {
    let found = WORDS.iter().find(|(_, of)| *of == permission);
    found.map_or(wire::Permission::Unspecified, |(wire, _)| *wire)
}

/// What the wire says no word for is nobody's: the build has no method that names none.
fn of_wire(permission: wire::Permission) -> Option<Permission> {
    WORDS.iter().find(|(wire, _)| *wire == permission).map(|(_, of)| *of)
}
