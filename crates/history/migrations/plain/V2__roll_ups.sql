-- Minutes, five minutes and hours, in partitions of a UTC month.

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
) PARTITION BY RANGE (bucket);

CREATE TABLE davy.readings_5m (LIKE davy.readings_1m, PRIMARY KEY (tag_id, bucket)) PARTITION BY RANGE (bucket);
CREATE TABLE davy.readings_1h (LIKE davy.readings_1m, PRIMARY KEY (tag_id, bucket)) PARTITION BY RANGE (bucket);

CREATE INDEX readings_1m_by_time ON davy.readings_1m USING brin (bucket);
CREATE INDEX readings_5m_by_time ON davy.readings_5m USING brin (bucket);
CREATE INDEX readings_1h_by_time ON davy.readings_1h USING brin (bucket);
