//! The mappings that ship with Davy.

macro_rules! shipped {
    ($($name:literal,)+) => {
        /// Name and text of each, by name.
        const SHIPPED: &[(&str, &str)] = &[$((
            $name,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/mappings/", $name, ".yaml")),
        ),)+];
    };
}

shipped! {
    "esp-gas",
    "gprs-item-list",
    "hj212",
    "king-pigeon",
    "neuron-heartbeat",
    "neuron-tags",
    "neuron-values",
    "plain-value",
    "senml",
    "tasmota-sensor",
    "thingsboard-device",
    "thingsboard-gateway",
    "tuya-gas",
    "zhongshan-dtu",
    "zigbee2mqtt",
}

/// Name and text of each.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    SHIPPED.iter().copied()
}
