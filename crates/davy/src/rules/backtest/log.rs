//! What is judged: a site's journal, a recording, or a range of history.

use std::{num::NonZeroUsize, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use davy_model::{Bundle, BundleFile, Timestamp};
use davy_rules::Plan;
use davy_server::{
    RecoverError, backtest,
    log::{JournalLog, Recorded},
};
use davy_simulators::replay::ReplayMap;
use davy_workbench::{
    backtest::{Entry, Side, SideReport},
    performance::Period,
};

use super::{
    candidate::Candidate,
    past::{HistoryDatabase, HistoryRange},
    reached::Reached,
    recording,
};
use crate::{exit::Misuse, span};

/// Where to go on when a journal has let go of what is asked for.
const HISTORY_REACHES: &str = "davy rules backtest --history judges what history has of that time";

/// A time that a journal no longer has.
#[derive(Debug, thiserror::Error)]
#[error(
    "NO_LONGER_KEPT: the journal can be judged from {begins} on, and {asked} is before that: {HISTORY_REACHES}; or count from \
     then on"
)]
struct NoLongerKept {
    begins: Timestamp,
    asked: Timestamp,
}

/// Which log.
#[derive(Debug, clap::Args)]
pub(in crate::rules) struct LogArgs {
    /// A site's journal; the daemon may be writing it
    #[arg(long, value_name = "FILE", conflicts_with = "csv")]
    journal: Option<PathBuf>,
    /// A recording: CSV with a header, gzip or not; it is read into memory
    #[arg(long, value_name = "FILE.csv", requires = "map")]
    csv: Option<PathBuf>,
    /// Which columns of the recording are what, as for `davy replay`
    #[arg(long, value_name = "MAP.yaml", requires = "csv")]
    map: Option<PathBuf>,
    /// The history database of the configuration: readings that were taken in or imported; a Davy may be writing it
    #[arg(long, conflicts_with_all = ["journal", "csv"])]
    history: bool,
    /// The configuration that says where history is; davy.toml, when it is there
    #[arg(long, value_name = "FILE", requires = "history")]
    config: Option<PathBuf>,
    /// How long a reading takes to arrive, where nobody wrote down when it did
    #[arg(long, value_name = "SPAN", default_value = "1s", value_parser = span::parse)]
    latency: Duration,
}

/// Where the log is.
pub(in crate::rules) enum Log {
    Journal { log: Box<JournalLog>, recorded: Recorded },
    Recording { csv: PathBuf, map: ReplayMap },
    History(HistoryDatabase),
}

/// A log that can be judged.
pub(in crate::rules) enum Entries<'a> {
    Journal {
        log: &'a JournalLog,
        recorded: &'a Recorded,
    },
    Recording {
        entries: Vec<Entry>,
        period: Period,
        remarks: Vec<String>,
    },
    /// The files are what it begins with; of whatever rule set.
    History {
        range: Box<HistoryRange>,
        opening: Arc<Bundle>,
    },
}

/// What came of a log.
pub(in crate::rules) struct Reports {
    /// A report of each side.
    pub(in crate::rules) sides: Vec<SideReport>,
    /// How far history reaches into what was asked for, where it is history.
    pub(super) reached: Option<Reached>,
}

impl LogArgs {
    /// Whether there is a log.
    pub(in crate::rules) fn is_given(&self) -> bool {
        self.journal.is_some() || self.csv.is_some() || self.history
    }

    /// How long a recorded reading takes to arrive.
    pub(in crate::rules) fn latency(&self) -> Duration {
        self.latency
    }
}

impl Log {
    pub(in crate::rules) fn open(args: &LogArgs) -> anyhow::Result<Log> {
        if args.history {
            return Ok(Log::History(HistoryDatabase::open(args.config.as_deref())?));
        }
        match (&args.journal, &args.csv, &args.map) {
            (Some(path), _, _) => {
                let path = crate::journal::find_one(path)?;
                let reading = || format!("reading {}", path.display());
                let log = JournalLog::open(&path).map_err(|error| match error {
                    RecoverError::Rootless { .. } => anyhow::Error::new(error).context(HISTORY_REACHES),
                    error => error.into(),
                });
                let log = Box::new(log.with_context(reading)?);
                let recorded = log.survey().with_context(reading)?;
                Ok(Log::Journal { log, recorded })
            }
            (None, Some(csv), Some(map)) => {
                Ok(Log::Recording { csv: csv.clone(), map: ReplayMap::open(map)? })
            }
            (None, _, _) => {
                Err(Misuse("expected --journal, --history, or --csv with --map".to_owned()).into())
            }
        }
    }

    /// It as it was, where that is known.
    pub(super) fn recorded(&self) -> anyhow::Result<Option<Side>> {
        match self {
            Log::Journal { log, .. } => Ok(Some(log.recorded().context("opening the journal")?)),
            Log::Recording { .. } | Log::History(_) => Ok(None),
        }
    }

    /// The files that the log ends with.
    pub(super) fn files(&self) -> anyhow::Result<Vec<BundleFile>> {
        match self {
            Log::Journal { recorded, .. } => Ok(recorded.bundle.files.clone()),
            Log::History(database) => database.files(),
            Log::Recording { .. } => {
                Err(Misuse("a recording has no rules: name a site's folder".to_owned()).into())
            }
        }
    }

    /// What can be judged under a candidate's files.
    pub(in crate::rules) fn entries(
        &self,
        candidate: &Candidate,
        latency: Duration,
    ) -> anyhow::Result<Entries<'_>> {
        match self {
            Log::Journal { log, recorded } => {
                let (own, other) = (&recorded.bundle.site, &candidate.bundle.site);
                if own != other {
                    let told = format!("the journal is of site {own}, the files are of {other}");
                    return Err(Misuse(told).into());
                }
                Ok(Entries::Journal { log, recorded })
            }
            Log::Recording { csv, map } => recording::read(csv, map, candidate, latency),
            Log::History(database) => {
                let range = Box::new(database.of_site(&candidate.bundle.site, latency)?);
                Ok(Entries::History { range, opening: Arc::clone(&candidate.bundle) })
            }
        }
    }
}

impl Entries<'_> {
    /// From its first moment to its last.
    pub(in crate::rules) fn period(&self) -> Period {
        match self {
            Entries::Journal { recorded, .. } => recorded.period,
            Entries::Recording { period, .. } => *period,
            Entries::History { range, .. } => range.period(),
        }
    }

    /// Refuses a moment that was in the log once, and is no longer kept.
    pub(super) fn reaches(&self, asked: Option<Timestamp>) -> anyhow::Result<()> {
        match self {
            Entries::Journal { log, recorded } if log.first_kept() > 1 => {
                let begins = recorded.period.from;
                match asked.filter(|asked| *asked < begins) {
                    Some(asked) => Err(NoLongerKept { begins, asked }.into()),
                    None => Ok(()),
                }
            }
            Entries::Journal { .. } | Entries::Recording { .. } | Entries::History { .. } => Ok(()),
        }
    }

    /// The files that were active, where the log knows of no others that it was judged by.
    pub(super) fn active(&self) -> Option<&Arc<Bundle>> {
        match self {
            Entries::Journal { .. } | Entries::Recording { .. } => None,
            Entries::History { range, .. } => range.active(),
        }
    }

    /// A rule set, before it.
    pub(in crate::rules) fn side(&self, candidate: &Candidate) -> Side {
        match self {
            Entries::Journal { .. } | Entries::Recording { .. } => candidate.side(),
            Entries::History { range, .. } => range.side(candidate.side()),
        }
    }

    /// The hash over the journal.
    pub(super) fn head(&self) -> Option<String> {
        match self {
            Entries::Journal { recorded, .. } => Some(recorded.head.clone()),
            Entries::Recording { .. } | Entries::History { .. } => None,
        }
    }

    /// What is to be known of it.
    pub(super) fn remarks(&self) -> Vec<String> {
        match self {
            Entries::Journal { log, .. } => {
                log.remark().map(|remark| format!("{remark}. {HISTORY_REACHES}")).into_iter().collect()
            }
            Entries::Recording { remarks, .. } => remarks.clone(),
            Entries::History { .. } => Vec::new(),
        }
    }

    /// Judges it under every side: all of it, or of history what decides about the period under these plans.
    pub(in crate::rules) fn judge(
        self,
        sides: Vec<Side>,
        cores: NonZeroUsize,
        plans: &[&Plan],
        period: Period,
    ) -> anyhow::Result<Reports> {
        let (sides, reached) = match self {
            Entries::Journal { log, recorded } => {
                (backtest::run(log.entries(recorded.period.until), sides, cores)?, None)
            }
            Entries::Recording { entries, .. } => {
                (backtest::run(entries.into_iter().map(Ok::<_, RecoverError>), sides, cores)?, None)
            }
            Entries::History { range, opening } => {
                let (reports, reached) = range.judge(sides, cores, opening, plans, period)?;
                (reports, Some(reached))
            }
        };
        Ok(Reports { sides, reached })
    }
}
