//! What can be allowed.

/// What can be allowed. Coarse on purpose: a permission is a duty of the control room, not a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// See alarms, readings, rules and figures.
    View,
    /// Answer alarms: acknowledge, comment, shelve, unshelve, verify, act, give feedback.
    Operate,
    /// Answer for the shift: out of service and back, reset, close, countersign.
    Supervise,
    /// Check, test, backtest, propose and shadow rules.
    Propose,
    /// Approve, reject, activate and roll back rules.
    Approve,
    /// Bring devices in: devices, dead letters, payloads.
    Onboard,
    /// Send readings.
    Publish,
    /// Read the audit log.
    Audit,
    /// Look after Davy itself.
    Administer,
    /// Bring what a Davy below has.
    Link,
    /// Anything that everybody who is known may ask, such as who they are.
    SignedIn,
    /// Anything that anybody may ask, known or not.
    Anyone,
}

impl Permission {
    /// Every permission, in the order of the policy table.
    pub const ALL: [Permission; 12] = [
        Permission::View,
        Permission::Operate,
        Permission::Supervise,
        Permission::Propose,
        Permission::Approve,
        Permission::Onboard,
        Permission::Publish,
        Permission::Audit,
        Permission::Administer,
        Permission::Link,
        Permission::SignedIn,
        Permission::Anyone,
    ];

    /// The word in tables and messages.
    pub const fn word(self) -> &'static str {
        match self {
            Permission::View => "view",
            Permission::Operate => "operate",
            Permission::Supervise => "supervise",
            Permission::Propose => "propose",
            Permission::Approve => "approve",
            Permission::Onboard => "onboard",
            Permission::Publish => "publish",
            Permission::Audit => "audit",
            Permission::Administer => "administer",
            Permission::Link => "link",
            Permission::SignedIn => "signed_in",
            Permission::Anyone => "anyone",
        }
    }

    /// The permission of a word; `None` when there is none.
    pub fn parse(word: &str) -> Option<Permission> {
        Permission::ALL.into_iter().find(|permission| permission.word() == word)
    }

    /// Whether no role gives it: it is anybody's, or anybody's who is known.
    pub const fn needs_no_role(self) -> bool {
        matches!(self, Permission::SignedIn | Permission::Anyone)
    }
}
