//! Words for people.

use davy_model::{Actor, Text};

use crate::v1;

impl From<&Text> for v1::LocalizedText {
    fn from(text: &Text) -> v1::LocalizedText {
        v1::LocalizedText { en: text.en.clone(), zh: text.zh.clone() }
    }
}

impl From<&v1::LocalizedText> for Text {
    fn from(text: &v1::LocalizedText) -> Text {
        Text { en: text.en.clone(), zh: text.zh.clone() }
    }
}

impl From<&Actor> for v1::Actor {
    fn from(actor: &Actor) -> v1::Actor {
        v1::Actor {
            name: actor.name.to_string(),
            approved_by: actor.approved_by.as_deref().unwrap_or_default().to_owned(),
            comment: actor.comment.to_string(),
        }
    }
}
