//! Who was let in, and by what.

use davy_access::{Caller, Permission};
use tonic::Request;

/// Who was let in, and the permission that let them in: the one that the method's `.proto` names, for every site that the
/// method looks up.
#[derive(Clone, Debug)]
pub(crate) struct Admitted {
    pub(crate) caller: Caller,
    pub(crate) permission: Permission,
}

impl Admitted {
    /// Whoever calls, and what they ask. Where the layer did not say who it is, nobody is let in.
    pub(crate) fn of<T>(request: Request<T>) -> (Admitted, T) {
        let (_, extensions, asked) = request.into_parts();
        let caller = extensions.get().cloned().unwrap_or_else(Caller::nobody);
        let permission = extensions.get().copied().unwrap_or(Permission::SignedIn);
        (Admitted { caller, permission }, asked)
    }

    /// Whether they have it at a site.
    pub(crate) fn may(&self, site: &str) -> bool {
        self.caller.may(self.permission, site)
    }

    /// Whether they have it at every site.
    pub(crate) fn may_everywhere(&self) -> bool {
        self.caller.may_everywhere(self.permission)
    }

    /// Whether they have it about an edge node of a site.
    pub(crate) fn may_about(&self, site: &str, edge_node: &str) -> bool {
        self.caller.may_about(self.permission, site, edge_node)
    }
}
