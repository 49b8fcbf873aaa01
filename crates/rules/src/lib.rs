//! Nothing stands here yet.
