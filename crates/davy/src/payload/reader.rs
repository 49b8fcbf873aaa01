//! How a payload is read, and whose it is: by its topic as Davy would, or as the call says.

use std::{fs, path::Path, sync::Arc};

use anyhow::{Context, bail};
use davy_codec::{
    Codec, Rejection, Sink, Summary,
    sparkplug::{Births, Message, Settings, SparkplugTopic, Verb},
};
use davy_intake::Tried;
use davy_model::Timestamp;

use super::{check::CheckArgs, codec, verdict::SiteTrial};
use crate::exit::Misuse;

/// How a payload is read, and whose it is.
pub(super) struct Reader {
    form: Form,
    /// The edge node that sends it, where that is known.
    pub(super) edge_node: Option<Arc<str>>,
    /// Why it is refused unread.
    pub(super) refusal: Option<Rejection>,
}

enum Form {
    Codec(Box<dyn Codec>),
    Sparkplug(Said),
    Unread,
}

/// What a Sparkplug topic says.
struct Said {
    verb: Verb,
    device: Option<String>,
    /// The birth that names what data means.
    birth: Option<Vec<u8>>,
}

impl Reader {
    /// What `args` say.
    pub(super) fn of(args: &CheckArgs, site: Option<&SiteTrial>) -> anyhow::Result<Reader> {
        let named = args.edge_node.as_deref();
        let tried = args.topic.as_deref().zip(site).map(|(topic, site)| site.trial.topic(topic, named));
        let (form, edge_node) = match (&args.mapping, tried) {
            (None, Some(Err(refusal))) => {
                return Ok(Reader { form: Form::Unread, edge_node: None, refusal: Some(*refusal) });
            }
            (None, Some(Ok(Tried::Status(node)))) => {
                let told = format!("that topic carries no readings: it says whether {node} is there");
                return Err(Misuse(told).into());
            }
            (None, Some(Ok(Tried::Readings(node, codec)))) => (Form::Codec(codec), Some(node)),
            (None, Some(Ok(Tried::Sparkplug(node, _)))) => (sparkplug(args)?, Some(node)),
            (None, None) if said(args).is_some() => (sparkplug(args)?, named.map(Into::into)),
            (mapping, tried) => {
                let codec = codec::of(mapping.as_deref(), args.topic.as_deref(), args.site.as_deref())?;
                let of_topic = tried.and_then(Result::ok).and_then(|tried| match tried {
                    Tried::Readings(node, _) => Some(node),
                    Tried::Sparkplug(..) | Tried::Status(_) => None,
                });
                (Form::Codec(codec), named.map(Into::into).or(of_topic))
            }
        };
        if args.birth.is_some() && !matches!(form, Form::Sparkplug(_)) {
            return Err(Misuse("--birth is for a --topic of Sparkplug, spBv1.0/...".to_owned()).into());
        }
        Ok(Reader { form, edge_node, refusal: None })
    }

    /// Reads a payload; nothing of one that is refused unread.
    pub(super) fn read(&self, payload: &[u8], arrival: Timestamp, sink: &mut dyn Sink) -> Option<Summary> {
        match &self.form {
            Form::Unread => None,
            Form::Codec(codec) => Some(codec.decode(payload, arrival, sink)),
            Form::Sparkplug(said) => {
                let mut births = Births::new(Settings::default());
                if let Some(birth) = &said.birth {
                    births.read(&said.message(said.birth_verb(), birth, arrival), &mut Unheard::default());
                }
                Some(births.read(&said.message(said.verb, payload, arrival), sink))
            }
        }
    }
}

impl Said {
    fn message<'a>(&'a self, verb: Verb, payload: &'a [u8], arrival: Timestamp) -> Message<'a> {
        Message { verb, device: self.device.as_deref(), payload, arrival, is_stored: false }
    }

    fn birth_verb(&self) -> Verb {
        if self.device.is_some() { Verb::DeviceBirth } else { Verb::NodeBirth }
    }
}

fn said(args: &CheckArgs) -> Option<SparkplugTopic<'_>> {
    args.topic.as_deref().and_then(SparkplugTopic::parse)
}

fn sparkplug(args: &CheckArgs) -> anyhow::Result<Form> {
    let topic = said(args).context("a topic of Sparkplug")?;
    match topic.verb {
        Verb::NodeBirth | Verb::NodeData | Verb::DeviceBirth | Verb::DeviceData => {}
        Verb::NodeDeath | Verb::NodeCommand | Verb::DeviceDeath | Verb::DeviceCommand => {
            return Err(Misuse(format!("{} carries no readings", topic.verb.word())).into());
        }
    }
    let birth = args.birth.as_deref().map(read_birth).transpose()?;
    let said = Said { verb: topic.verb, device: topic.device.map(Into::into), birth };
    if let Some(birth) = &said.birth {
        let mut heard = Unheard::default();
        let message = said.message(said.birth_verb(), birth, Timestamp::MIN);
        Births::new(Settings::default()).read(&message, &mut heard);
        if let (0, Some(problem)) = (heard.metrics, heard.first) {
            bail!("the birth cannot be read: {} at {:?}", problem.reason, problem.pointer);
        }
    }
    Ok(Form::Sparkplug(said))
}

fn read_birth(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("reading {}", path.display()))
}

/// What a birth tells is for the data behind it.
#[derive(Default)]
struct Unheard {
    metrics: u32,
    first: Option<Rejection>,
}

impl Sink for Unheard {
    fn metric(&mut self, _metric: davy_codec::Metric<'_>) {
        self.metrics += 1;
    }

    fn problem(&mut self, rejection: Rejection) {
        self.first.get_or_insert(rejection);
    }
}
