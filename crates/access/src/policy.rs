//! The table: which role has which permission. It is the only place that says so.

use crate::{Permission, Role};

/// System, audit and security duties are apart (GB/T 22239-2019, 8.1.5): whoever looks after Davy neither answers alarms nor
/// decides on rules, and whoever reads the audit log does nothing that it records. A proposer does not approve.
const POLICY: [(Role, &[Permission]); Role::ALL.len()] = [
    (Role::Viewer, &[Permission::View]),
    (Role::Operator, &[Permission::View, Permission::Operate]),
    (Role::ShiftLeader, &[Permission::View, Permission::Operate, Permission::Supervise]),
    (Role::Engineer, &[Permission::View, Permission::Propose, Permission::Onboard]),
    (Role::Approver, &[Permission::View, Permission::Approve]),
    (Role::Vendor, &[Permission::Onboard, Permission::Publish]),
    (Role::Auditor, &[Permission::Audit]),
    (Role::Admin, &[Permission::Administer]),
    (Role::Link, &[Permission::Link]),
];

/// What a role may do.
pub fn permissions(role: Role) -> &'static [Permission] {
    POLICY.iter().find(|(of, _)| *of == role).map_or(&[], |(_, permissions)| permissions)
}

/// The roles that have a permission, in the order of the table.
pub fn roles_with(permission: Permission) -> impl Iterator<Item = Role> {
    POLICY.into_iter().filter(move |(_, held)| held.contains(&permission)).map(|(role, _)| role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_one_line_and_every_permission_is_somebodys() {
        for (place, role) in Role::ALL.into_iter().enumerate() {
            assert_eq!(POLICY[place].0, role);
            assert!(!permissions(role).is_empty(), "{role:?} may do nothing");
            assert!(permissions(role).iter().all(|held| !held.needs_no_role()), "{role:?}");
        }
        for permission in Permission::ALL {
            assert_eq!(roles_with(permission).count() == 0, permission.needs_no_role(), "{permission:?}");
        }
    }

    #[test]
    fn duties_that_must_not_meet_do_not_meet_in_one_role() {
        use Permission::{Administer, Approve, Audit, Operate, Propose, Supervise};
        for (one, other) in [
            (Propose, Approve),
            (Administer, Operate),
            (Administer, Supervise),
            (Administer, Propose),
            (Administer, Approve),
            (Administer, Audit),
            (Audit, Operate),
            (Audit, Approve),
        ] {
            let both = roles_with(one).find(|role| permissions(*role).contains(&other));
            assert_eq!(both, None, "{one:?} and {other:?}");
        }
    }
}
