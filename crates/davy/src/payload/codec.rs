//! Which codec a payload is read by.

use std::{fs, path::Path, sync::Arc};

use anyhow::{Context, bail};
use davy_codec::{Captures, Codec, Hj212, Limits, Mapping, Native, Senml, TopicPattern};

use crate::exit::Misuse;

/// The codec that `--mapping` and `--topic` name.
pub(super) fn of(
    mapping: Option<&str>,
    topic: Option<&str>,
    site: Option<&Path>,
) -> anyhow::Result<Box<dyn Codec>> {
    match mapping {
        None => Ok(Box::new(Native::default())),
        Some("senml") => Ok(Box::new(Senml::default())),
        Some("hj212") => Ok(Box::new(Hj212::default())),
        Some(name) => {
            let mapping = Arc::new(read(name, site)?);
            let captures = captures(&mapping, topic)?;
            Ok(mapping.codec(captures, Limits::default()))
        }
    }
}

/// A file, one of the site's, or one that ships.
fn read(name: &str, site: Option<&Path>) -> anyhow::Result<Mapping> {
    let own =
        site.map(|site| site.join("mappings").join(format!("{name}.yaml"))).filter(|path| path.is_file());
    let path = own.or_else(|| Some(Path::new(name).to_owned()).filter(|path| path.is_file()));
    let (shown, text) = match path {
        Some(path) => {
            let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
            (path.display().to_string(), text)
        }
        None => match Mapping::shipped().find(|(known, _)| *known == name) {
            Some((known, text)) => (known.to_owned(), text.to_owned()),
            None => {
                let told = format!(
                    "{name}: no such file and no mapping that ships; davy payload mappings lists these"
                );
                return Err(Misuse(told).into());
            }
        },
    };
    Mapping::read(name, &text).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(|problem| format!("{shown}:{problem}")).collect();
        anyhow::anyhow!("{}", lines.join("\n"))
    })
}

/// What the topic says; without one, `{device}` stands for itself.
fn captures(mapping: &Mapping, topic: Option<&str>) -> anyhow::Result<Captures> {
    let Some(topic) = topic else {
        let names: Vec<&str> = mapping.needs().collect();
        return Ok(names.into_iter().map(|name| (name, format!("{{{name}}}"))).collect());
    };
    let Some(pattern) = mapping.pattern() else { return Ok(Captures::none()) };
    match pattern.matches(topic) {
        Some(captures) => Ok(captures),
        None => bail!("{topic} does not fit the mapping's topic {}", TopicPattern::text(pattern)),
    }
}
