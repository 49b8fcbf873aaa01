//! Dead letters that somebody wants sent again, the oldest first; a few, and the rest after what is new.

use std::sync::Arc;

use davy_model::AlarmKey;
use davy_proto::{alert_of, v1};
use prost::Message;
use tracing::warn;

use super::{
    DeadLetter, Fate, LetterQuery, Notice,
    driver::{Driver, Stopped, Telling},
    store::Note,
};

/// Dead letters sent again before news is told in between.
const LETTERS_AT_ONCE: usize = 16;

impl Driver {
    /// Sends some, where a round of them is asked for or under way. A letter is sent once a round, also while the disk does not
    /// take that it was.
    pub(super) async fn send_letters(&mut self) -> Result<(), Stopped> {
        let begins = self.health.take_asked().then_some(0);
        let Some(after) = begins.or(self.round.take()) else { return Ok(()) };
        let query = LetterQuery { exit: self.name.to_string(), asked_only: true, before: None };
        let letters = match self.store.ask(move |file| file.letters(&query, after, LETTERS_AT_ONCE)).await {
            Ok(letters) => letters,
            Err(error) => {
                warn!(exit = %self.name, %error, "dead letters cannot be read");
                return Ok(());
            }
        };
        for letter in &letters {
            self.send_letter(letter).await?;
        }
        if letters.len() == LETTERS_AT_ONCE {
            self.round = letters.last().map(|last| last.number);
        }
        Ok(())
    }

    async fn send_letter(&mut self, letter: &DeadLetter) -> Result<(), Stopped> {
        let refused = match v1::Alert::decode(letter.alert.as_slice()) {
            Ok(alert) => match self.tell(&Notice::Alert(Box::new(alert)), Telling::Letter).await? {
                (_, Fate::Delivered, _) => None,
                (_, Fate::Refused, why) => Some(why),
            },
            Err(error) => Some(format!("the letter cannot be read: {error}")),
        };
        let (exit, number, at) = (Arc::clone(&self.name), letter.number, (self.clock)());
        self.store.note(Note::LetterTold { exit, number, at, refused }).await;
        Ok(())
    }

    /// The last transition of an alarm, where it is known and wanted.
    pub(super) fn last_of(&self, notice: &Notice) -> Option<v1::Alert> {
        let Notice::Alert(alert) = notice else { return None };
        let alarm = AlarmKey {
            site: alert.site.as_str().into(),
            rule: alert.rule.as_str().into(),
            subject: alert.subject.as_str().into(),
        };
        let last = self.feed.site(&alarm.site)?.book().get(&alarm)?.last;
        self.wanted.has(last.facts.tier, last.facts.tier_highest).then(|| alert_of(&last, true))
    }
}
