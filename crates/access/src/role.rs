//! What somebody is for.

/// What somebody is for. People and machines have the same roles; [`Role::Link`] is a Davy's that stands below this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Looks on.
    Viewer,
    /// Answers alarms.
    Operator,
    /// Answers for the shift: takes out of service, countersigns, closes.
    ShiftLeader,
    /// Tunes rules and brings devices in.
    Engineer,
    /// Decides on what engineers propose.
    Approver,
    /// Looks after devices of their own.
    Vendor,
    /// Reads the audit log, and nothing else.
    Auditor,
    /// Looks after Davy itself: not after alarms, and not after rules.
    Admin,
    /// A Davy below this one, which brings what it has.
    Link,
}

impl Role {
    /// Every role, in the order of the policy table.
    pub const ALL: [Role; 9] = [
        Role::Viewer,
        Role::Operator,
        Role::ShiftLeader,
        Role::Engineer,
        Role::Approver,
        Role::Vendor,
        Role::Auditor,
        Role::Admin,
        Role::Link,
    ];

    /// The word in files and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::ShiftLeader => "shift_leader",
            Role::Engineer => "engineer",
            Role::Approver => "approver",
            Role::Vendor => "vendor",
            Role::Auditor => "auditor",
            Role::Admin => "admin",
            Role::Link => "link",
        }
    }

    /// The role of a word; `None` when there is none.
    pub fn parse(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.word() == word)
    }
}
