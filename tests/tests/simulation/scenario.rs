//! What happens in a run, in order: readable text that makes the same run again, with nothing left to chance.

use std::{fmt, str::FromStr};

/// A whole run: its size, and what happens in it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scenario {
    pub(crate) sites: usize,
    /// When faults stop and everything must drain, ms.
    pub(crate) calm_ms: u64,
    /// By time.
    pub(crate) steps: Vec<Step>,
}

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) at_ms: u64,
    pub(crate) act: Act,
}

/// One edge node of one site, `s0/n1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Node {
    pub(crate) site: usize,
    pub(crate) node: usize,
}

/// What a device measured of one tag.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Value {
    /// The tag's last letter: `p`, `l` or `q`.
    pub(crate) tag: char,
    pub(crate) value: f64,
    /// As on the wire; empty for good.
    pub(crate) quality: String,
}

/// What may happen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    /// A gateway has measured something, and puts it into its outbox.
    Say(Node, Vec<Value>),
    /// A gateway sends what cannot be read, and a tag nobody knows.
    Junk(Node),
    /// The next message is sent twice.
    Twice(Node),
    /// The two oldest messages in the outbox change places.
    Swap(Node),
    /// A device's clock is so far off, and drifts.
    Clock { node: Node, offset_ms: i64, drift_ppm: i64 },
    /// The network takes so long, one way.
    Delay(Node, u64),
    /// The connection is cut after so many more bytes to Davy, or from it.
    Cut { node: Node, after: usize, back: bool },
    /// The network is away for so long, ms.
    Down(Node, u64),
    /// The gateway says goodbye, and comes back.
    Goodbye(Node),
    /// An operator acts on the alarm of a rule on a tag.
    Operator { site: usize, rule: String, tag: String, what: String },
    /// Davy's process is killed in the so-manyth operation of its disk from now; at once for 0.
    Kill(u64),
    /// As `Kill`, of the whole machine: what was not flushed is lost, as the salt says.
    Power { after: u64, salt: u64 },
    /// Davy is stopped and started as an operator does it.
    Stop,
    /// The next so many operations of the disk of a kind fail.
    Disk(String, u32),
    /// The disk is full, or no longer.
    Full(bool),
    /// The system's clock of Davy's machine is set, by so much, and drifts from then on.
    Machine { step_ms: i64, drift_ppm: i64 },
    /// A subscriber of a site dies for so long, ms, and forgets what it had not stored.
    Subscriber { site: usize, number: usize, ms: u64 },
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}/n{}", self.site, self.node)
    }
}

impl FromStr for Node {
    type Err = String;

    fn from_str(text: &str) -> Result<Node, String> {
        let parts = text.strip_prefix('s').and_then(|rest| rest.split_once("/n"));
        let (site, node) = parts.ok_or_else(|| format!("not a node: {text}"))?;
        Ok(Node { site: number(site)?, node: number(node)? })
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.tag, self.value)?;
        if self.quality.is_empty() { Ok(()) } else { write!(f, "@{}", self.quality) }
    }
}

impl FromStr for Value {
    type Err = String;

    fn from_str(text: &str) -> Result<Value, String> {
        let wrong = || format!("not a value: {text}");
        let (tag, rest) = text.split_once('=').ok_or_else(wrong)?;
        let (value, quality) = rest.split_once('@').unwrap_or((rest, ""));
        Ok(Value {
            tag: tag.chars().next().ok_or_else(wrong)?,
            value: value.parse().map_err(|_| wrong())?,
            quality: quality.to_owned(),
        })
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Act::Say(node, values) => {
                write!(f, "say {node}")?;
                values.iter().try_for_each(|value| write!(f, " {value}"))
            }
            Act::Junk(node) => write!(f, "junk {node}"),
            Act::Twice(node) => write!(f, "twice {node}"),
            Act::Swap(node) => write!(f, "swap {node}"),
            Act::Clock { node, offset_ms, drift_ppm } => write!(f, "clock {node} {offset_ms} {drift_ppm}"),
            Act::Delay(node, ms) => write!(f, "delay {node} {ms}"),
            Act::Cut { node, after, back } => {
                write!(f, "cut {node} {after} {}", if *back { "back" } else { "there" })
            }
            Act::Down(node, ms) => write!(f, "down {node} {ms}"),
            Act::Goodbye(node) => write!(f, "goodbye {node}"),
            Act::Operator { site, rule, tag, what } => write!(f, "operator {site} {rule} {tag} {what}"),
            Act::Kill(after) => write!(f, "kill {after}"),
            Act::Power { after, salt } => write!(f, "power {after} {salt}"),
            Act::Stop => f.write_str("stop"),
            Act::Disk(fault, times) => write!(f, "disk {fault} {times}"),
            Act::Full(full) => write!(f, "full {full}"),
            Act::Machine { step_ms, drift_ppm } => write!(f, "machine {step_ms} {drift_ppm}"),
            Act::Subscriber { site, number, ms } => write!(f, "subscriber {site} {number} {ms}"),
        }
    }
}

impl FromStr for Act {
    type Err = String;

    fn from_str(text: &str) -> Result<Act, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        Ok(match words.as_slice() {
            ["say", node, values @ ..] => {
                Act::Say(node.parse()?, values.iter().map(|value| value.parse()).collect::<Result<_, _>>()?)
            }
            ["junk", node] => Act::Junk(node.parse()?),
            ["twice", node] => Act::Twice(node.parse()?),
            ["swap", node] => Act::Swap(node.parse()?),
            ["clock", node, offset_ms, drift_ppm] => Act::Clock {
                node: node.parse()?,
                offset_ms: number(offset_ms)?,
                drift_ppm: number(drift_ppm)?,
            },
            ["delay", node, ms] => Act::Delay(node.parse()?, number(ms)?),
            ["cut", node, after, way @ ("there" | "back")] => {
                Act::Cut { node: node.parse()?, after: number(after)?, back: *way == "back" }
            }
            ["down", node, ms] => Act::Down(node.parse()?, number(ms)?),
            ["goodbye", node] => Act::Goodbye(node.parse()?),
            ["operator", site, rule, tag, what] => Act::Operator {
                site: number(site)?,
                rule: (*rule).to_owned(),
                tag: (*tag).to_owned(),
                what: (*what).to_owned(),
            },
            ["kill", after] => Act::Kill(number(after)?),
            ["power", after, salt] => Act::Power { after: number(after)?, salt: number(salt)? },
            ["stop"] => Act::Stop,
            ["disk", fault, times] => Act::Disk((*fault).to_owned(), number(times)?),
            ["full", full] => Act::Full(number(full)?),
            ["machine", step_ms, drift_ppm] => {
                Act::Machine { step_ms: number(step_ms)?, drift_ppm: number(drift_ppm)? }
            }
            ["subscriber", site, which, ms] => {
                Act::Subscriber { site: number(site)?, number: number(which)?, ms: number(ms)? }
            }
            _ => return Err(format!("nothing that can happen: {text}")),
        })
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "sites {}\ncalm {}", self.sites, self.calm_ms)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "{} {}", step.at_ms, step.act))
    }
}

impl FromStr for Scenario {
    type Err = String;

    /// Lines that begin with `#` are for people.
    fn from_str(text: &str) -> Result<Scenario, String> {
        let mut scenario = Scenario { sites: 1, calm_ms: 0, steps: Vec::new() };
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (first, rest) = line.split_once(' ').ok_or_else(|| format!("not a step: {line}"))?;
            match first {
                "sites" => scenario.sites = number(rest)?,
                "calm" => scenario.calm_ms = number(rest)?,
                at_ms => scenario.steps.push(Step { at_ms: number(at_ms)?, act: rest.parse()? }),
            }
        }
        Ok(scenario)
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("not a number: {text}"))
}
