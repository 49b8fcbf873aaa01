-- Readings in chunks of a day. No value was measured: NaN.

CREATE TABLE davy.readings (
  tag_id  integer NOT NULL,
  time    timestamptz NOT NULL,
  arrival timestamptz NOT NULL,
  value   double precision NOT NULL,
  quality smallint NOT NULL,
  PRIMARY KEY (tag_id, time, value)
);

SELECT create_hypertable('davy.readings', by_range('time', INTERVAL '1 day'), create_default_indexes => false);
CREATE INDEX readings_by_time ON davy.readings USING brin (time);

SELECT create_hypertable('davy.transitions', by_range('source_time', INTERVAL '30 days'), create_default_indexes => false);
