//! How a verb ends, for the shell.

use std::{io, process::ExitCode};

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is well.
    Ok,
    /// Something was found, refused, or failed.
    Findings,
    /// The call makes no sense.
    Usage,
    /// The configuration cannot be used.
    BadConfiguration,
}

/// A call that makes no sense, found out only after the arguments were read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misuse(pub(crate) String);

/// A configuration that cannot be used, and everything that is wrong with it.
#[derive(Debug, thiserror::Error)]
#[error("{}; mend that and try davy check-config", .0.join("; "))]
pub(crate) struct Unusable(pub(crate) Vec<String>);

impl Exit {
    /// [`Exit::Findings`] when something was found.
    pub(crate) const fn found(found: bool) -> Exit {
        if found { Exit::Findings } else { Exit::Ok }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Ok => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            // EX_CONFIG of sysexits.h, as Vector has it.
            Exit::BadConfiguration => 78,
        })
    }
}

/// Tells the error and says how to end.
pub(crate) fn of_error(error: &anyhow::Error) -> Exit {
    // Whoever read our output has seen enough: `davy alarms list | head`.
    let closed = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(closed) {
        return Exit::Ok;
    }
    eprintln!("error: {}", told(error));
    if error.is::<Unusable>() {
        return Exit::BadConfiguration;
    }
    if error.is::<Misuse>() { Exit::Usage } else { Exit::Findings }
}

/// An error with its causes, but for what it says of them itself.
fn told(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |told, cause| match cause.to_string() {
        cause if told.is_empty() => cause,
        cause if told.contains(&cause) => told,
        cause => format!("{told}: {cause}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn a_reader_who_has_seen_enough_is_no_failure_and_a_senseless_call_is_usage() {
        let closed = Err::<(), _>(io::Error::from(io::ErrorKind::BrokenPipe)).context("writing");
        assert_eq!(of_error(&closed.expect_err("broken")), Exit::Ok);
        assert_eq!(of_error(&anyhow::anyhow!("no such thing")), Exit::Findings);
        assert_eq!(of_error(&Misuse("two of one".to_owned()).into()), Exit::Usage);
        assert_eq!(of_error(&Unusable(vec!["no such key".to_owned()]).into()), Exit::BadConfiguration);
    }

    #[test]
    fn a_cause_is_told_once() {
        let cause = || anyhow::Error::new(io::Error::other("the port is taken"));
        for (error, due) in [
            (cause().context("127.0.0.1:1: the port is taken"), "127.0.0.1:1: the port is taken"),
            (cause().context("it cannot listen"), "it cannot listen: the port is taken"),
            (cause(), "the port is taken"),
        ] {
            assert_eq!(told(&error), due);
        }
    }
}
