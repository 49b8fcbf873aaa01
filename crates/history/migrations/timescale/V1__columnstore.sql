-- Days that are over are kept by column, one segment a tag.

ALTER TABLE davy.readings SET (
  timescaledb.enable_columnstore = true,
  timescaledb.segmentby = 'tag_id',
  timescaledb.orderby = 'time, value'
);
CALL add_columnstore_policy('davy.readings', after => INTERVAL '2 days');
