//! Where readings come from in another form than the native one.

use std::sync::Arc;

/// One way in for payloads that are not native.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// How its payloads are to be read.
    pub form: SourceForm,
    /// The topics it comes by: levels, of which `{name}` is any one and is remembered under that name, `+` any one, `#`
    /// any rest. The form's own when absent.
    pub topic: Option<Arc<str>>,
    /// The edge node it speaks for, an id among the site's edge nodes; told by the topic, or by who sends, when absent.
    pub edge_node: Option<Arc<str>>,
}

/// How payloads of a source are to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SourceForm {
    /// By the mapping of that name: `mappings/NAME.yaml` of the site, or one that ships with Davy.
    Mapping(Arc<str>),
    /// As Sparkplug B.
    Sparkplug {
        /// The Sparkplug group.
        group: Arc<str>,
        /// Edge nodes whose Sparkplug id is not the site's: Sparkplug's first, the site's second. All others have the same.
        edge_nodes: Vec<(Arc<str>, Arc<str>)>,
    },
    /// As HJ 212 frames of one box.
    Hj212 {
        /// The box's number (MN).
        mn: Arc<str>,
    },
}
