-- Minutes, five minutes and hours. Davy refreshes them itself: as time goes on, and where something came late.
-- Of two readings of one time the lesser comes first: first() and last() would take either.

CREATE MATERIALIZED VIEW davy.readings_1m
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT tag_id,
       time_bucket(INTERVAL '1 minute', time) AS bucket,
       min(value) FILTER (WHERE quality < 128 AND value <> 'NaN'::float8) AS value_min,
       max(value) FILTER (WHERE quality < 128 AND value <> 'NaN'::float8) AS value_max,
       sum(value) FILTER (WHERE quality < 128 AND value <> 'NaN'::float8) AS value_sum,
       (array_agg(value ORDER BY time, value)
          FILTER (WHERE quality < 128 AND value <> 'NaN'::float8))[1] AS value_first,
       (array_agg(value ORDER BY time DESC, value DESC)
          FILTER (WHERE quality < 128 AND value <> 'NaN'::float8))[1] AS value_last,
       count(*) AS readings,
       count(*) FILTER (WHERE quality < 128 AND value <> 'NaN'::float8) AS valued,
       count(*) FILTER (WHERE quality = 0 AND value <> 'NaN'::float8) AS good
FROM davy.readings
GROUP BY tag_id, time_bucket(INTERVAL '1 minute', time)
WITH NO DATA;

CREATE MATERIALIZED VIEW davy.readings_5m
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT tag_id,
       time_bucket(INTERVAL '5 minutes', bucket) AS bucket,
       min(value_min) AS value_min,
       max(value_max) AS value_max,
       sum(value_sum) AS value_sum,
       first(value_first, bucket) FILTER (WHERE valued > 0) AS value_first,
       last(value_last, bucket) FILTER (WHERE valued > 0) AS value_last,
       sum(readings)::bigint AS readings,
       sum(valued)::bigint AS valued,
       sum(good)::bigint AS good
FROM davy.readings_1m
GROUP BY tag_id, time_bucket(INTERVAL '5 minutes', bucket)
WITH NO DATA;

CREATE MATERIALIZED VIEW davy.readings_1h
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT tag_id,
       time_bucket(INTERVAL '1 hour', bucket) AS bucket,
       min(value_min) AS value_min,
       max(value_max) AS value_max,
       sum(value_sum) AS value_sum,
       first(value_first, bucket) FILTER (WHERE valued > 0) AS value_first,
       last(value_last, bucket) FILTER (WHERE valued > 0) AS value_last,
       sum(readings)::bigint AS readings,
       sum(valued)::bigint AS valued,
       sum(good)::bigint AS good
FROM davy.readings_5m
GROUP BY tag_id, time_bucket(INTERVAL '1 hour', bucket)
WITH NO DATA;
