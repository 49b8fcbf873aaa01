-- Readings in partitions of a UTC day, made ahead and dropped by Davy. No value was measured: NaN.

CREATE TABLE davy.readings (
  tag_id  integer NOT NULL,
  time    timestamptz NOT NULL,
  arrival timestamptz NOT NULL,
  value   double precision NOT NULL,
  quality smallint NOT NULL,
  PRIMARY KEY (tag_id, time, value)
) PARTITION BY RANGE (time);

CREATE INDEX readings_by_time ON davy.readings USING brin (time);
