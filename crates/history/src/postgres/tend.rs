//! What a database needs from time to time: room for what comes, buckets, and an end to what is over.

use davy_model::Timestamp;

use super::{
    connect::{self, TEND_TIMEOUT, WRITE_TIMEOUT},
    mode::Mode,
    partitions::{self, AHEAD, READINGS},
    value::Time,
    writer::Writer,
};
use crate::{HistoryError, Level, Tended, start_of};

impl Writer {
    pub(super) async fn tend(
        &mut self,
        now: Timestamp,
        complete_until: Timestamp,
    ) -> Result<Tended, HistoryError> {
        if self.mode == Mode::Plain {
            self.make_part(READINGS, now).await?;
            self.make_part(READINGS, now.plus(AHEAD / 2)).await?;
            self.make_part(READINGS, now.plus(AHEAD)).await?;
        }
        self.client().batch_execute(&connect::patience(TEND_TIMEOUT)).await?;
        let rolled_until = self.roll_on(complete_until.min(now)).await?;
        let due = self.roll_again(self.oldest(now)).await?;
        let dropped = self.drop_when_due(now).await?;
        self.client().batch_execute(&connect::patience(WRITE_TIMEOUT)).await?;
        Ok(Tended { rolled_until: Some(rolled_until), due, dropped })
    }

    /// Once an hour, for it looks through whole tables; again at once while there is more.
    async fn drop_when_due(&mut self, now: Timestamp) -> Result<u64, HistoryError> {
        let hour = start_of(now, Level::Hour.width());
        if self.dropped_in == Some(hour) {
            return Ok(0);
        }
        let dropped = self.drop_what_is_over(now).await?;
        self.dropped_in = (dropped == 0).then_some(hour);
        Ok(dropped)
    }

    async fn drop_what_is_over(&mut self, now: Timestamp) -> Result<u64, HistoryError> {
        let mut dropped = match self.mode {
            Mode::Plain => self.drop_parts(now).await?,
            Mode::Apache => self.drop_chunks(now).await?,
            // Its policies do it.
            Mode::Timescale => 0,
        };
        let end = Time(now.minus(self.retention.alarms));
        for (table, time) in [
            ("transitions", "source_time"),
            ("risk_levels", "at"),
            ("edge_nodes", "at"),
            ("dead_letters", "hour"),
        ] {
            if table == "transitions" && self.mode == Mode::Timescale {
                continue;
            }
            let text = format!("DELETE FROM davy.{table} WHERE {time} < $1");
            dropped += self.client().execute(&text, &[&end]).await?;
        }
        Ok(dropped)
    }

    async fn drop_parts(&mut self, now: Timestamp) -> Result<u64, HistoryError> {
        let mut dropped = READINGS.drop_before(self.client(), self.oldest(now)).await?;
        for level in Level::ALL {
            let end = now.minus(self.retention.of(level));
            dropped += partitions::buckets(level).drop_before(self.client(), end).await?;
        }
        if dropped > 0 {
            self.parts.clear();
        }
        Ok(dropped)
    }

    async fn drop_chunks(&mut self, now: Timestamp) -> Result<u64, HistoryError> {
        let mut dropped = 0;
        for (table, end) in self.ends(now) {
            let text =
                format!("SELECT count(*) FROM drop_chunks('davy.{table}', older_than => $1::timestamptz)");
            let row = self.client().query_one(&text, &[&Time(end)]).await?;
            dropped += u64::try_from(row.get::<_, i64>(0)).unwrap_or(0);
        }
        Ok(dropped)
    }

    /// The tables of readings and buckets, and before when they are over.
    fn ends(&self, now: Timestamp) -> Vec<(String, Timestamp)> {
        let mut ends = vec![("readings".to_owned(), self.oldest(now))];
        for level in Level::ALL {
            ends.push((format!("readings_{}", level.word()), now.minus(self.retention.of(level))));
        }
        ends
    }

    /// Has TimescaleDB keep what is configured, for as long as is configured.
    pub(super) async fn settle_policies(&mut self) -> Result<(), HistoryError> {
        if self.mode != Mode::Timescale {
            return Ok(());
        }
        let mut kept = vec![
            ("readings".to_owned(), self.retention.readings),
            ("transitions".to_owned(), self.retention.alarms),
        ];
        kept.extend(Level::ALL.map(|level| (format!("readings_{}", level.word()), self.retention.of(level))));
        for (table, keep) in kept {
            let wanted = format!("{} seconds", keep.as_secs());
            let stands = "SELECT (config->>'drop_after')::interval = $2::text::interval FROM timescaledb_information.jobs
                          WHERE proc_name = 'policy_retention' AND hypertable_schema = 'davy' AND hypertable_name = $1
                          UNION ALL
                          SELECT (j.config->>'drop_after')::interval = $2::text::interval
                          FROM timescaledb_information.jobs j JOIN timescaledb_information.continuous_aggregates a
                            ON j.hypertable_name = a.materialization_hypertable_name
                          WHERE j.proc_name = 'policy_retention' AND a.view_schema = 'davy' AND a.view_name = $1";
            let rows = self.client().query(stands, &[&table, &wanted]).await?;
            if rows.iter().any(|row| row.get::<_, Option<bool>>(0) == Some(true)) {
                continue;
            }
            self.client()
                .batch_execute(&format!(
                    "SELECT remove_retention_policy('davy.{table}', if_exists => true);
                     SELECT add_retention_policy('davy.{table}', drop_after => INTERVAL '{wanted}')"
                ))
                .await?;
        }
        Ok(())
    }
}
