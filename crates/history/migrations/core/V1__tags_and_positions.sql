-- What readings are of, how far each site's journal has been taken in, and which files a site stood on.

CREATE TABLE davy.tags (
  tag_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  site     text NOT NULL,
  tag      text NOT NULL,
  -- A tag whose unit changed is another row: what was measured before stays in the unit it was measured in.
  unit     text NOT NULL,
  quantity text NOT NULL,
  title_en text NOT NULL,
  title_zh text NOT NULL,
  area     text,
  UNIQUE (site, tag, unit)
);

CREATE TABLE davy.qualities (
  code   smallint PRIMARY KEY,
  grade  text NOT NULL,
  reason text
);

-- The one row of a site moves in the transaction that brings what lies before it.
CREATE TABLE davy.positions (
  site      text PRIMARY KEY,
  -- Counts the journals a site has had: a data folder that was lost begins a new one.
  era       integer NOT NULL,
  number    bigint NOT NULL,
  hash      bytea NOT NULL,
  sequence  bigint NOT NULL,
  at        timestamptz NOT NULL,
  revision  text NOT NULL
);

CREATE TABLE davy.revisions (
  site     text NOT NULL,
  revision text NOT NULL,
  -- [{"path": ..., "text": ...}], sorted by path.
  files    jsonb NOT NULL,
  PRIMARY KEY (site, revision)
);

CREATE TABLE davy.activations (
  site     text NOT NULL,
  at       timestamptz NOT NULL,
  revision text NOT NULL,
  PRIMARY KEY (site, at, revision)
);

CREATE TABLE davy.holes (
  site         text NOT NULL,
  noticed      timestamptz NOT NULL,
  first_commit bigint NOT NULL,
  last_commit  bigint NOT NULL,
  PRIMARY KEY (site, noticed)
);
