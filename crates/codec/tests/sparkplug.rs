//! Sparkplug B: payloads, and the sessions of edge nodes.

#[path = "support/sparkplug.rs"]
mod edge_node;

#[path = "sparkplug/golden.rs"]
mod golden;
#[path = "sparkplug/heard.rs"]
mod heard;
#[path = "sparkplug/hostile.rs"]
mod hostile;
#[path = "sparkplug/metrics.rs"]
mod metrics;
#[path = "sparkplug/properties.rs"]
mod properties;
#[path = "sparkplug/stories.rs"]
mod stories;
