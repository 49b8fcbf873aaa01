//! Words for people, in both languages.

/// A text in English, and in Chinese where somebody wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// English; never empty where a text is required.
    pub en: String,
    /// Chinese, or empty.
    pub zh: String,
}

impl Text {
    /// An English text without a translation.
    pub fn en(en: impl Into<String>) -> Text {
        Text { en: en.into(), zh: String::new() }
    }

    /// A text in both languages.
    pub fn both(en: impl Into<String>, zh: impl Into<String>) -> Text {
        Text { en: en.into(), zh: zh.into() }
    }

    /// The Chinese text, or the English where there is none.
    pub fn zh_or_en(&self) -> &str {
        if self.zh.is_empty() { &self.en } else { &self.zh }
    }

    /// True when there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.en.is_empty() && self.zh.is_empty()
    }
}
