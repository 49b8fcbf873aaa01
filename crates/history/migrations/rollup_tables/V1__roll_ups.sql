-- For a build without continuous aggregates: minutes, five minutes and hours, filled by Davy, in chunks of 30 days.

CREATE TABLE davy.readings_1m (
  tag_id      integer NOT NULL,
  bucket      timestamptz NOT NULL,
  value_min   double precision,
  value_max   double precision,
  value_sum   double precision,
  value_first double precision,
  value_last  double precision,
  readings    bigint NOT NULL,
  valued      bigint NOT NULL,
  good        bigint NOT NULL,
  PRIMARY KEY (tag_id, bucket)
);
CREATE TABLE davy.readings_5m (LIKE davy.readings_1m, PRIMARY KEY (tag_id, bucket));
CREATE TABLE davy.readings_1h (LIKE davy.readings_1m, PRIMARY KEY (tag_id, bucket));

SELECT create_hypertable('davy.readings_1m', by_range('bucket', INTERVAL '30 days'), create_default_indexes => false);
SELECT create_hypertable('davy.readings_5m', by_range('bucket', INTERVAL '30 days'), create_default_indexes => false);
SELECT create_hypertable('davy.readings_1h', by_range('bucket', INTERVAL '30 days'), create_default_indexes => false);
