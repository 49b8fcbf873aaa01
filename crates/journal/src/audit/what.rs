//! The words for what is done.

/// What was done, or tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Davy started.
    Start,
    /// Davy stopped, in order.
    Stop,
    /// The configuration that it started with.
    Configuration,
    /// The key that signs checkpoints was made.
    Key,
    /// The system's clock was set.
    ClockStep,
    /// Somebody came in.
    Login,
    /// Somebody went out.
    Logout,
    /// Somebody was turned away.
    Refused,
    /// An account, a role or a credential was changed.
    AccountChange,
    /// An operator's command to an alarm.
    Command,
    /// A change of rules, or a step towards one.
    RuleChange,
    /// Dead letters were sent again.
    Replay,
    /// Alerts that a receiver refused were told to it again.
    ExitReplay,
    /// An exit was let try again.
    ExitResume,
    /// A consumer's cursors were let go.
    ConsumerForgotten,
    /// Data were taken out.
    Export,
    /// The log itself failed for a while; how many entries are lost.
    Failed,
    /// The end of an entry that was being written at a crash was cut off.
    Torn,
    /// The log did not verify when it was opened.
    Damaged,
    /// The oldest entries were let go, by age.
    LetGo,
    /// A signed checkpoint.
    Checkpoint,
}

const WORDS: [(What, &str); 21] = [
    (What::Start, "start"),
    (What::Stop, "stop"),
    (What::Configuration, "configuration"),
    (What::Key, "key"),
    (What::ClockStep, "clock_step"),
    (What::Login, "login"),
    (What::Logout, "logout"),
    (What::Refused, "refused"),
    (What::AccountChange, "account_change"),
    (What::Command, "command"),
    (What::RuleChange, "rule_change"),
    (What::Replay, "replay"),
    (What::ExitReplay, "exit_replay"),
    (What::ExitResume, "exit_resume"),
    (What::ConsumerForgotten, "consumer_forgotten"),
    (What::Export, "export"),
    (What::Failed, "failed"),
    (What::Torn, "torn"),
    (What::Damaged, "damaged"),
    (What::LetGo, "let_go"),
    (What::Checkpoint, "checkpoint"),
];

impl What {
    /// All of them.
    pub fn all() -> impl Iterator<Item = What> {
        WORDS.iter().map(|(what, _)| *what)
    }

    /// As it stands in the log.
    pub fn word(self) -> &'static str {
        WORDS.iter().find(|(what, _)| *what == self).map_or("", |(_, word)| word)
    }

    /// Whether it is done on sites and what is theirs. An account, a consumer or an exit may be called as a site is.
    pub(super) fn is_of_sites(self) -> bool {
        match self {
            What::Command | What::RuleChange | What::Replay | What::Export => true,
            What::Start
            | What::Stop
            | What::Configuration
            | What::Key
            | What::ClockStep
            | What::Login
            | What::Logout
            | What::Refused
            | What::AccountChange
            | What::ExitReplay
            | What::ExitResume
            | What::ConsumerForgotten
            | What::Failed
            | What::Torn
            | What::Damaged
            | What::LetGo
            | What::Checkpoint => false,
        }
    }

    /// The one with this word.
    pub fn of(word: &str) -> Option<What> {
        WORDS.iter().find(|(_, known)| *known == word).map(|(what, _)| *what)
    }
}
