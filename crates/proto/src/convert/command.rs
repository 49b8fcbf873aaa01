//! What an operator asks of an alarm.

use davy_model::{Actor, AlarmKey, Command, CommandKind, Verdict};

use crate::{WireError, v1};

/// The command that `target` and `kind` make. Whether it is granted, the engine says; that the actor is named and the
/// comment given, too.
///
/// # Errors
/// [`WireError`] when there is no target, or its alarm is not an id of the form `site:rule:subject`.
pub fn command_of(target: Option<&v1::CommandTarget>, kind: CommandKind) -> Result<Command, WireError> {
    let target = target.ok_or(WireError::Missing("target"))?;
    let alarm = AlarmKey::parse(&target.alarm).ok_or_else(|| WireError::unknown("alarm", &target.alarm))?;
    let approved_by = target.approved_by.trim();
    let actor = Actor {
        name: target.actor.trim().into(),
        approved_by: (!approved_by.is_empty()).then(|| approved_by.into()),
        comment: target.comment.trim().into(),
    };
    let request_id = target.request_id.as_str().into();
    Ok(Command { alarm, occurrence: target.occurrence, actor, kind, request_id })
}

/// The verdict of a request.
///
/// # Errors
/// [`WireError`] when none is said.
pub fn verdict_of(verdict: v1::Verdict) -> Result<Verdict, WireError> {
    if verdict == v1::Verdict::Unspecified {
        return Err(WireError::Missing("verdict"));
    }
    verdict.try_into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_keeps_what_the_operator_saw_and_who_they_are() {
        let target = v1::CommandTarget {
            alarm: "park:h2s:AT-0412/h2s".into(),
            occurrence: Some(3),
            actor: " li.wei ".into(),
            approved_by: String::new(),
            comment: "seen".into(),
            request_id: "1".into(),
        };
        let command = command_of(Some(&target), CommandKind::Acknowledge).expect("it is whole");
        assert_eq!(command.alarm.to_string(), "park:h2s:AT-0412/h2s");
        assert_eq!(command.occurrence, Some(3));
        assert_eq!((&*command.actor.name, command.actor.approved_by), ("li.wei", None));
        assert_eq!(&*command.request_id, "1");
    }

    #[test]
    fn a_command_on_nothing_is_refused() {
        assert_eq!(command_of(None, CommandKind::Reset), Err(WireError::Missing("target")));
        let target = v1::CommandTarget { alarm: "h2s".into(), ..Default::default() };
        let error = command_of(Some(&target), CommandKind::Reset).expect_err("no alarm id");
        assert_eq!(error.to_string(), "alarm is not known: h2s");
    }
}
