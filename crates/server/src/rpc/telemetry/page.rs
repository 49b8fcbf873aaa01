//! One page, filled series by series.

use std::time::Duration;

use davy_history::{Bucket, Found, HistoryError, Page as Stretch, Sample, Store, aggregate, start_of};
use davy_model::Timestamp;
use davy_proto::{duration_to_wire, time_to_wire, v1 as wire};

use super::{form::Form, token::Token};

/// Readings gone through for one page at the most, and fetched at a time: where few are of the grades that are asked for.
const LOOKED_AT_MAX: usize = 200_000;
const FETCHED_MAX: usize = 10_000;

/// What is asked of the store.
pub(super) struct Question<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) form: Form,
}

/// What a page has so far.
struct Page {
    series: Vec<wire::StoredSeries>,
    /// The number of the last of them in the store.
    begun: Option<i32>,
    /// How many readings or buckets may follow.
    room: usize,
    /// How many readings may still be looked at.
    patience: usize,
}

impl Question<'_> {
    /// Fills one page, from where the token says on; and says where the next one begins, if there is one.
    pub(super) async fn page(
        &self,
        found: &[Found],
        mut token: Option<Token>,
        len: usize,
    ) -> Result<(Vec<wire::StoredSeries>, Option<Token>), HistoryError> {
        let mut page = Page { series: Vec::new(), begun: None, room: len, patience: LOOKED_AT_MAX };
        for one in found {
            let more = match self.form {
                Form::Raw(_) => self.readings(one, token.take(), &mut page).await?,
                Form::Buckets(width) => self.buckets(one, token.take(), width, &mut page).await?,
            };
            if more.is_some() {
                return Ok((page.series, more));
            }
        }
        Ok((page.series, None))
    }

    /// The width of the buckets, where there are some.
    pub(super) fn width(&self) -> Option<prost_types::Duration> {
        match self.form {
            Form::Raw(_) => None,
            Form::Buckets(width) => Some(duration_to_wire(width)),
        }
    }

    async fn readings(
        &self,
        of: &Found,
        token: Option<Token>,
        page: &mut Page,
    ) -> Result<Option<Token>, HistoryError> {
        let mut after = token.and_then(|token| Some((token.time, token.value?)));
        loop {
            // One more than there is room for tells whether another page follows.
            let limit = (page.room + 1).min(FETCHED_MAX);
            let (from, until) = (self.from, self.until);
            let stretch = Stretch { series: of.id, from, until, after, limit };
            let samples = self.store.readings(&stretch).await?;
            let is_all = samples.len() < limit;
            for sample in samples {
                if page.room == 0 || page.patience == 0 {
                    // The series' first reading may be the one there is no room for: then all of it follows.
                    let (time, value) = after.map_or((self.from, None), |(time, value)| (time, Some(value)));
                    return Ok(Some(Token { series: of.id, time, value }));
                }
                page.patience -= 1;
                after = Some((sample.time, sample.value));
                if self.form.takes(sample.quality) {
                    page.room -= 1;
                    page.of(of).readings.push(reading(&sample));
                }
            }
            if is_all {
                return Ok(None);
            }
        }
    }

    async fn buckets(
        &self,
        of: &Found,
        token: Option<Token>,
        width: Duration,
        page: &mut Page,
    ) -> Result<Option<Token>, HistoryError> {
        let mut at = token.map_or(start_of(self.from, width), |token| token.time);
        while at < self.until {
            if page.room == 0 {
                return Ok(Some(Token { series: of.id, time: at, value: None }));
            }
            let stretch = width * u32::try_from(page.room).unwrap_or(u32::MAX);
            let end = at.plus(stretch).min(self.until);
            let found = aggregate(self.store, of.id, at, end, width).await?;
            at = at.plus(stretch);
            page.room -= found.len().min(page.room);
            if !found.is_empty() {
                page.of(of).buckets.extend(found.iter().map(bucket));
            }
        }
        Ok(None)
    }
}

impl Page {
    /// The series' share of it; begun where nothing of it was there.
    fn of(&mut self, found: &Found) -> &mut wire::StoredSeries {
        let series = &found.series;
        let is_begun = self.begun == Some(found.id);
        if !is_begun {
            self.begun = Some(found.id);
            self.series.push(wire::StoredSeries {
                tag: series.tag.to_string(),
                unit: series.unit.to_string(),
                quantity: series.quantity.to_string(),
                title: Some(wire::LocalizedText {
                    en: series.title_en.to_string(),
                    zh: series.title_zh.to_string(),
                }),
                area: series.area.as_deref().unwrap_or_default().to_owned(),
                readings: Vec::new(),
                buckets: Vec::new(),
            });
        }
        self.series.last_mut().expect("one was just put there")
    }
}

fn reading(sample: &Sample) -> wire::StoredReading {
    wire::StoredReading {
        source_time: Some(time_to_wire(sample.time)),
        arrival_time: Some(time_to_wire(sample.arrival)),
        value: sample.value.get(),
        quality: Some(sample.quality.into()),
    }
}

fn bucket(bucket: &Bucket) -> wire::ReadingBucket {
    let values = bucket.values;
    wire::ReadingBucket {
        start: Some(time_to_wire(bucket.start)),
        first: values.map(|values| values.first),
        min: values.map(|values| values.min),
        max: values.map(|values| values.max),
        mean: bucket.mean(),
        last: values.map(|values| values.last),
        count: bucket.readings,
        share_good: bucket.share_good(),
    }
}
