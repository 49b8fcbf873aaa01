//! The contract, as it can be looked into while Davy runs.

use std::sync::LazyLock;

use prost_reflect::DescriptorPool;

/// Everything of `proto/davy/v1`.
pub(crate) static CONTRACT: LazyLock<DescriptorPool> = LazyLock::new(|| {
    // Compiled in: it is whole, or nothing was built.
    DescriptorPool::decode(davy_proto::FILE_DESCRIPTOR_SET).unwrap_or_default()
});
