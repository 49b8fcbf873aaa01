//! Which edge node is simulated, and what it measures.

use std::str::FromStr;
use std::time::Duration;

use crate::BrokerUrl;

/// Why an edge node cannot be had.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EdgeNodeError {
    /// A group, edge node, device or host that cannot be a level of a topic.
    #[error("{what} {found:?}: expected one level of a topic, without '/', '+' and '#'")]
    Name {
        /// `group`, `edge node`, `device` or `host`.
        what: &'static str,
        /// What was given.
        found: String,
    },
    /// A metric that cannot be read.
    #[error("metric {found:?}: expected [DEVICE/]NAME=VALUE[:UNIT], for example gas-01/ch4=0.5:%LEL")]
    Metric {
        /// What was given.
        found: String,
    },
    /// Two metrics of one name.
    #[error("metric {0:?} is there twice")]
    Twice(String),
    /// A name that is no metric of the edge node.
    #[error("no metric {0:?}")]
    NoMetric(String),
    /// A name that is no device of the edge node.
    #[error("no device {0:?}")]
    NoDevice(String),
    /// The edge node was stopped, or is cut off.
    #[error("the edge node is not connected")]
    NotConnected,
}

/// A metric, and the value it begins with: `[DEVICE/]NAME=VALUE[:UNIT]`. What stands before the first `/` is the device.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricSpec {
    /// The device; none for a metric of the edge node itself.
    pub device: Option<String>,
    /// The metric's own name.
    pub name: String,
    /// The value it begins with. Finite.
    pub value: f64,
    /// Its unit, told in births as `engUnit`; empty for none.
    pub unit: String,
}

/// One edge node.
#[derive(Clone, Debug)]
pub struct EdgeNodeConfig {
    /// The broker, or Davy's door.
    pub broker: BrokerUrl,
    /// MQTT client id; one connection at a time may have it. `{group}-{edge_node}` unless set.
    pub client_id: String,
    /// The Sparkplug group.
    pub group: String,
    /// The edge node's id in the group.
    pub edge_node: String,
    /// The primary host: births wait until its STATE says that it is online. None is waited for unless set.
    pub primary_host: Option<String>,
    /// What it measures.
    pub metrics: Vec<MetricSpec>,
    /// How often values move by themselves, and those that changed are sent; never unless set. At least 1 ms.
    pub every: Option<Duration>,
    /// Of the movement of values.
    pub seed: u64,
    /// How often it shows that it lives. At least 1 s; default 15 s.
    pub keep_alive: Duration,
    /// First and longest wait between two tries to connect; jitter is added. Default 200 ms and 10 s.
    pub reconnect_delay: (Duration, Duration),
}

impl EdgeNodeConfig {
    /// An edge node with these metrics, and defaults for the rest.
    ///
    /// # Errors
    /// [`EdgeNodeError::Name`] when a name cannot stand in a topic; [`EdgeNodeError::Twice`] for two metrics of one name.
    pub fn new(
        broker: BrokerUrl,
        group: &str,
        edge_node: &str,
        metrics: Vec<MetricSpec>,
    ) -> Result<EdgeNodeConfig, EdgeNodeError> {
        level("group", group)?;
        level("edge node", edge_node)?;
        for (at, metric) in metrics.iter().enumerate() {
            metric.device.as_deref().map_or(Ok(()), |device| level("device", device))?;
            if metrics[..at].iter().any(|other| other.path() == metric.path()) {
                return Err(EdgeNodeError::Twice(metric.path()));
            }
        }
        Ok(EdgeNodeConfig {
            broker,
            client_id: format!("{group}-{edge_node}"),
            group: group.to_owned(),
            edge_node: edge_node.to_owned(),
            primary_host: None,
            metrics,
            every: None,
            seed: 1,
            keep_alive: Duration::from_secs(15),
            reconnect_delay: (Duration::from_millis(200), Duration::from_secs(10)),
        })
    }

    /// The same, that waits for a primary host.
    ///
    /// # Errors
    /// [`EdgeNodeError::Name`] when the host's id cannot stand in a topic.
    pub fn waiting_for(self, host: &str) -> Result<EdgeNodeConfig, EdgeNodeError> {
        level("host", host)?;
        Ok(EdgeNodeConfig { primary_host: Some(host.to_owned()), ..self })
    }
}

impl MetricSpec {
    /// `DEVICE/NAME`, or `NAME` of the edge node itself.
    pub fn path(&self) -> String {
        match &self.device {
            Some(device) => format!("{device}/{}", self.name),
            None => self.name.clone(),
        }
    }
}

impl FromStr for MetricSpec {
    type Err = EdgeNodeError;

    fn from_str(text: &str) -> Result<MetricSpec, EdgeNodeError> {
        parse(text).ok_or_else(|| EdgeNodeError::Metric { found: text.to_owned() })
    }
}

fn parse(text: &str) -> Option<MetricSpec> {
    let (path, rest) = text.split_once('=')?;
    let (value, unit) = rest.split_once(':').unwrap_or((rest, ""));
    let value: f64 = value.trim().parse().ok()?;
    let (device, name) = match path.split_once('/') {
        Some((device, name)) => (Some(device.to_owned()), name),
        None => (None, path),
    };
    let named = !name.is_empty() && device.as_deref() != Some("");
    let unit = unit.to_owned();
    (named && value.is_finite()).then(|| MetricSpec { device, name: name.to_owned(), value, unit })
}

fn level(what: &'static str, name: &str) -> Result<(), EdgeNodeError> {
    let refused = |c: char| c.is_control() || "/+#".contains(c);
    if name.is_empty() || name.chars().any(refused) {
        return Err(EdgeNodeError::Name { what, found: name.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(device: Option<&str>, name: &str, value: f64, unit: &str) -> MetricSpec {
        MetricSpec { device: device.map(str::to_owned), name: name.into(), value, unit: unit.into() }
    }

    #[test]
    fn a_metric_is_read_with_its_device_and_its_unit_where_it_has_them() {
        for (text, want) in [
            ("gas-01/ch4=0.5:%LEL", spec(Some("gas-01"), "ch4", 0.5, "%LEL")),
            ("volt=12", spec(None, "volt", 12.0, "")),
            ("d/Properties/Hardware=1e3", spec(Some("d"), "Properties/Hardware", 1000.0, "")),
            ("气体-01/甲烷=-0.5:ppm", spec(Some("气体-01"), "甲烷", -0.5, "ppm")),
        ] {
            assert_eq!(text.parse::<MetricSpec>(), Ok(want), "{text}");
        }
        for text in ["", "ch4", "=1", "ch4=", "ch4=many", "/ch4=1", "d/=1", "ch4=NaN", "ch4=inf:ppm"] {
            let error = text.parse::<MetricSpec>().expect_err(text);
            assert!(error.to_string().contains("gas-01/ch4=0.5:%LEL"), "{text}: {error}");
        }
    }

    #[test]
    fn what_breaks_a_topic_is_refused_and_so_is_a_metric_that_is_there_twice() {
        let with = |group: &str, node: &str, metrics: &[&str]| {
            let metrics = metrics.iter().map(|text| text.parse().expect("a metric")).collect();
            EdgeNodeConfig::new("mqtt://h".parse().expect("a URL"), group, node, metrics)
        };
        for (group, node) in [("", "gw"), ("a/b", "gw"), ("plant", "#"), ("plant", "g+"), ("plant", "")] {
            assert!(matches!(with(group, node, &[]), Err(EdgeNodeError::Name { .. })), "{group:?} {node:?}");
        }
        assert!(matches!(with("plant", "gw", &["d+/x=1"]), Err(EdgeNodeError::Name { .. })));
        let twice = with("plant", "gw", &["d/x=1", "x=1", "d/x=2"]).expect_err("one of them twice");
        assert_eq!(twice, EdgeNodeError::Twice("d/x".to_owned()));
        let config = with("Sparkplug B Devices", "Raspberry Pi", &["x=1"]).expect("blanks may stand there");
        assert!(config.waiting_for("a/b").is_err());
    }
}
