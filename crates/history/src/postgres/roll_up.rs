//! Buckets from readings: as time goes on, and again where something came late.

use std::time::{Duration, Instant};

use davy_model::Timestamp;
use tokio_postgres::Transaction;

use super::{
    mode::Mode,
    partitions,
    value::{Time, natural},
    writer::Writer,
};
use crate::{HistoryError, Level, bucket::start_of};

/// What one transaction rolls up, at the least and the most.
pub(super) const STEP_MIN: Duration = Duration::from_secs(60);
const STEP_MAX: Duration = Duration::from_secs(6 * 3600);
/// A step that takes less may be longer.
const QUICK: Duration = Duration::from_millis(250);
/// For how long one round goes on when it has to catch up: batches wait for it.
const ROUND: Duration = Duration::from_secs(1);
/// Hours of one tag that are rolled up again in one transaction.
const DUE_MAX: i64 = 2_000;

/// What is evidence: it has a value, and is not bad.
const EVIDENCE: &str = "quality < 128 AND value <> 'NaN'::float8";

/// The columns of a bucket from readings. The first and the last are those of the least and the greatest time, and of two
/// readings of one time the lesser and the greater.
fn from_readings() -> String {
    format!(
        "min(value) FILTER (WHERE {EVIDENCE}), max(value) FILTER (WHERE {EVIDENCE}), sum(value) FILTER (WHERE {EVIDENCE}),
         (min(ARRAY[extract(epoch FROM time)::float8, value]) FILTER (WHERE {EVIDENCE}))[2],
         (max(ARRAY[extract(epoch FROM time)::float8, value]) FILTER (WHERE {EVIDENCE}))[2],
         count(*), count(*) FILTER (WHERE {EVIDENCE}), count(*) FILTER (WHERE quality = 0 AND value <> 'NaN'::float8)"
    )
}

/// The columns of a bucket from narrower ones.
const FROM_BUCKETS: &str = "
    min(value_min), max(value_max), sum(value_sum),
    (min(ARRAY[extract(epoch FROM bucket)::float8, value_first]) FILTER (WHERE valued > 0))[2],
    (max(ARRAY[extract(epoch FROM bucket)::float8, value_last]) FILTER (WHERE valued > 0))[2],
    sum(readings)::bigint, sum(valued)::bigint, sum(good)::bigint";

/// What a bucket that was there becomes: all of it anew.
const ANEW: &str = "
    ON CONFLICT (tag_id, bucket) DO UPDATE SET value_min = EXCLUDED.value_min, value_max = EXCLUDED.value_max,
      value_sum = EXCLUDED.value_sum, value_first = EXCLUDED.value_first, value_last = EXCLUDED.value_last,
      readings = EXCLUDED.readings, valued = EXCLUDED.valued, good = EXCLUDED.good";

/// The column of time in what a level is filled from.
fn time_of_source(level: Level) -> &'static str {
    match level {
        Level::Minute => "time",
        Level::FiveMinutes | Level::Hour => "bucket",
    }
}

/// Fills the buckets of a level from what lies below it, `b`; `of` says from how much of that.
fn fill(level: Level, of: &str) -> String {
    let width = level.width().as_secs();
    let columns = match level {
        Level::Minute => from_readings(),
        Level::FiveMinutes | Level::Hour => FROM_BUCKETS.to_owned(),
    };
    let table = match level {
        Level::Minute => "readings",
        Level::FiveMinutes => "readings_1m",
        Level::Hour => "readings_5m",
    };
    let (name, time) = (level.word(), time_of_source(level));
    format!(
        "INSERT INTO davy.readings_{name}
         SELECT b.tag_id, date_bin('{width} seconds', b.{time}, '1970-01-01 00:00:00+00'), {columns}
         FROM davy.{table} b {of} GROUP BY 1, 2 {ANEW}"
    )
}

impl Writer {
    /// Rolls up to `until`, a part of the way where that is far. Gives up to where it came.
    pub(super) async fn roll_on(&mut self, until: Timestamp) -> Result<Timestamp, HistoryError> {
        let until = start_of(until, Level::Minute.width());
        let began = Instant::now();
        let mut at = self.begin(until).await?;
        while at < until && began.elapsed() < ROUND {
            let step_began = Instant::now();
            let next = start_of(at.plus(self.step), Level::Minute.width()).min(until);
            match self.mode {
                Mode::Plain | Mode::Apache => self.fill_step(at, next).await?,
                Mode::Timescale => self.refresh_step(at, next).await?,
            }
            at = next;
            self.step = next_step(self.step, step_began.elapsed());
        }
        Ok(at)
    }

    /// Where rolling up stands. At first: before the first reading there is, or at `until` where there is none.
    async fn begin(&mut self, until: Timestamp) -> Result<Timestamp, HistoryError> {
        let client = self.client();
        let row = client.query_opt("SELECT until FROM davy.rolled_up", &[]).await?;
        if let Some(row) = row {
            return Ok(row.get::<_, Time>(0).0);
        }
        let first = client.query_one("SELECT min(time) FROM davy.readings", &[]).await?;
        let first = first.get::<_, Option<Time>>(0).map_or(until, |first| first.0.min(until));
        let start = start_of(first, Level::Hour.width());
        client
            .execute(
                "INSERT INTO davy.rolled_up (id, until) VALUES (1, $1) ON CONFLICT DO NOTHING",
                &[&Time(start)],
            )
            .await?;
        Ok(start)
    }

    async fn fill_step(&mut self, from: Timestamp, until: Timestamp) -> Result<(), HistoryError> {
        self.make_bucket_room(from).await?;
        self.make_bucket_room(until).await?;
        let transaction = self.connected.client.transaction().await?;
        move_on(&transaction, until).await?;
        for level in Level::ALL {
            let (begin, end) = (start_of(from, level.width()), start_of(until, level.width()));
            let time = time_of_source(level);
            if begin < end {
                let text = fill(level, &format!("WHERE b.{time} >= $1 AND b.{time} < $2"));
                transaction.execute(&text, &[&Time(begin), &Time(end)]).await?;
            }
        }
        transaction.commit().await.map_err(HistoryError::from)
    }

    /// As [`Writer::fill_step`] by continuous aggregates, which are refreshed outside of transactions: until that is done, the
    /// hours are due.
    async fn refresh_step(&mut self, from: Timestamp, until: Timestamp) -> Result<(), HistoryError> {
        let mut hours = Vec::new();
        let mut hour = start_of(from, Level::Hour.width());
        while hour < until {
            hours.push(hour);
            hour = hour.plus(Level::Hour.width());
        }
        let hours: Vec<Time> = hours.into_iter().map(Time).collect();
        let transaction = self.connected.client.transaction().await?;
        move_on(&transaction, until).await?;
        transaction
            .execute(
                "INSERT INTO davy.roll_up_due (hour, tag_id) SELECT hour, 0 FROM unnest($1::timestamptz[]) AS due(hour)
                 ON CONFLICT DO NOTHING",
                &[&hours],
            )
            .await?;
        transaction.commit().await?;
        for level in Level::ALL {
            self.refresh(level, start_of(from, level.width()), start_of(until, level.width())).await?;
        }
        self.client()
            .execute("DELETE FROM davy.roll_up_due WHERE tag_id = 0 AND hour = ANY($1)", &[&hours])
            .await?;
        Ok(())
    }

    async fn refresh(&self, level: Level, from: Timestamp, until: Timestamp) -> Result<(), HistoryError> {
        if from >= until {
            return Ok(());
        }
        let text = format!(
            "CALL refresh_continuous_aggregate('davy.readings_{}', '{from}', '{until}')",
            level.word()
        );
        self.client().batch_execute(&text).await.map_err(HistoryError::from)
    }

    /// Rolls hours up again in which something came late, for about a second. Gives how many are left.
    pub(super) async fn roll_again(&mut self, oldest: Timestamp) -> Result<u64, HistoryError> {
        let began = Instant::now();
        loop {
            let left = self.roll_some_again(oldest).await?;
            if left == 0 || began.elapsed() >= ROUND {
                return Ok(left);
            }
        }
    }

    async fn roll_some_again(&mut self, oldest: Timestamp) -> Result<u64, HistoryError> {
        let rows = self
            .client()
            .query(
                "SELECT d.hour, d.tag_id, d.stamp, r.until FROM davy.roll_up_due d CROSS JOIN davy.rolled_up r
                 ORDER BY d.hour, d.tag_id LIMIT $1",
                &[&DUE_MAX],
            )
            .await?;
        let Some(first) = rows.first() else { return Ok(0) };
        let rolled = first.get::<_, Time>(3).0;
        let due = Due {
            hours: rows.iter().map(|row| row.get::<_, Time>(0)).collect(),
            tags: rows.iter().map(|row| row.get(1)).collect(),
            stamps: rows.iter().map(|row| row.get(2)).collect(),
        };
        match self.mode {
            Mode::Plain | Mode::Apache => self.fill_again(&due, rolled).await?,
            Mode::Timescale => self.refresh_again(&due, rolled, oldest).await?,
        }
        let left = self.client().query_one("SELECT count(*) FROM davy.roll_up_due", &[]).await;
        natural(left?.get(0))
    }

    async fn fill_again(&mut self, due: &Due, rolled: Timestamp) -> Result<(), HistoryError> {
        let mut hours: Vec<Timestamp> = due.hours.iter().map(|hour| hour.0).collect();
        hours.dedup();
        for hour in &hours {
            self.make_bucket_room(*hour).await?;
        }
        let transaction = self.connected.client.transaction().await?;
        // What comes while this goes on is due anew, or waits for it.
        transaction.execute(TAKEN_CARE_OF, &[&due.hours, &due.tags, &due.stamps]).await?;
        for level in Level::ALL {
            let time = time_of_source(level);
            let of = format!(
                "JOIN unnest($1::timestamptz[], $2::int[]) AS due(hour, tag_id)
                 ON b.tag_id = due.tag_id AND b.{time} >= due.hour AND b.{time} < due.hour + INTERVAL '1 hour' AND b.{time} < $3"
            );
            let end = Time(start_of(rolled, level.width()));
            transaction.execute(&fill(level, &of), &[&due.hours, &due.tags, &end]).await?;
        }
        transaction.commit().await.map_err(HistoryError::from)
    }

    /// What is older than readings are kept is left as it is: to refresh it would be to lose it.
    async fn refresh_again(
        &mut self,
        due: &Due,
        rolled: Timestamp,
        oldest: Timestamp,
    ) -> Result<(), HistoryError> {
        let oldest = oldest.plus(Duration::from_secs(86_400));
        for (from, until) in due.stretches() {
            for level in Level::ALL {
                let until = start_of(rolled, level.width()).min(until);
                self.refresh(level, from.max(oldest), until).await?;
            }
        }
        let done = self.client().execute(TAKEN_CARE_OF, &[&due.hours, &due.tags, &due.stamps]).await;
        done.map(drop).map_err(HistoryError::from)
    }

    async fn make_bucket_room(&mut self, time: Timestamp) -> Result<(), HistoryError> {
        if self.mode != Mode::Plain {
            return Ok(());
        }
        for level in Level::ALL {
            self.make_part(partitions::buckets(level), time).await?;
        }
        Ok(())
    }
}

/// Hours of tags that have to be rolled up again.
struct Due {
    hours: Vec<Time>,
    tags: Vec<i32>,
    stamps: Vec<i64>,
}

impl Due {
    /// The hours as stretches of time, whatever the tag.
    fn stretches(&self) -> Vec<(Timestamp, Timestamp)> {
        let mut stretches: Vec<(Timestamp, Timestamp)> = Vec::new();
        for hour in &self.hours {
            let end = hour.0.plus(Level::Hour.width());
            match stretches.last_mut() {
                Some((_, until)) if hour.0 <= *until => *until = end,
                Some(_) | None => stretches.push((hour.0, end)),
            }
        }
        stretches
    }
}

const TAKEN_CARE_OF: &str = "
DELETE FROM davy.roll_up_due WHERE (hour, tag_id, stamp) IN
  (SELECT * FROM unnest($1::timestamptz[], $2::int[], $3::bigint[]))";

/// Says up to where is rolled up. Whoever brings readings from before that waits, and then sees that they are late.
async fn move_on(transaction: &Transaction<'_>, until: Timestamp) -> Result<(), HistoryError> {
    let text = "UPDATE davy.rolled_up SET until = $1 WHERE until < $1";
    transaction.execute(text, &[&Time(until)]).await.map(drop).map_err(HistoryError::from)
}

/// What the next step spans: more while steps are quick.
fn next_step(step: Duration, took: Duration) -> Duration {
    if took < QUICK {
        (step * 2).min(STEP_MAX)
    } else if took > QUICK * 4 {
        (step / 2).max(STEP_MIN)
    } else {
        step
    }
}
