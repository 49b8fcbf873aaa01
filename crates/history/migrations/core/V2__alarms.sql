-- Every change of every alarm, how each stands now, and what areas and hazard sources come to.

CREATE TABLE davy.transitions (
  site          text NOT NULL,
  era           integer NOT NULL,
  sequence      bigint NOT NULL,
  source_time   timestamptz NOT NULL,
  arrival_time  timestamptz NOT NULL,
  recorded_time timestamptz NOT NULL,
  id            text NOT NULL,
  rule          text NOT NULL,
  subject       text NOT NULL,
  occurrence    bigint NOT NULL,
  step          integer NOT NULL,
  kind          text NOT NULL,
  state         text NOT NULL,
  condition     text NOT NULL,
  tier          text NOT NULL,
  tier_rank     smallint NOT NULL,
  limit_name    text,
  set_point     double precision,
  value         double precision,
  unit          text,
  quality       smallint NOT NULL,
  rule_revision text NOT NULL,
  tags          text[] NOT NULL,
  -- Areas and hazard sources: 'area/tank-farm', 'hazard_source/R1'.
  scopes        text[] NOT NULL,
  late          boolean NOT NULL,
  sounds        boolean NOT NULL,
  desk          text,
  incident      text,
  actor         text,
  message_en    text NOT NULL,
  message_zh    text NOT NULL,
  -- The whole transition with its evidence, as the journal had it.
  record        bytea NOT NULL,
  PRIMARY KEY (site, era, sequence, source_time)
);

CREATE INDEX transitions_by_alarm ON davy.transitions (site, rule, subject, recorded_time);
CREATE INDEX transitions_by_time ON davy.transitions (recorded_time);

CREATE TABLE davy.alarms (
  site          text NOT NULL,
  rule          text NOT NULL,
  subject       text NOT NULL,
  era           integer NOT NULL,
  sequence      bigint NOT NULL,
  occurrence    bigint NOT NULL,
  kind          text NOT NULL,
  state         text NOT NULL,
  condition     text NOT NULL,
  tier          text NOT NULL,
  tier_rank     smallint NOT NULL,
  acknowledged  boolean NOT NULL,
  since         timestamptz NOT NULL,
  value         double precision,
  unit          text,
  scopes        text[] NOT NULL,
  desk          text,
  message_en    text NOT NULL,
  message_zh    text NOT NULL,
  PRIMARY KEY (site, rule, subject)
);

-- A scope is an area or a hazard source. No tier: nothing stands there any more.
CREATE TABLE davy.risk_levels (
  site  text NOT NULL,
  scope text NOT NULL,
  at    timestamptz NOT NULL,
  tier  text,
  PRIMARY KEY (site, scope, at)
);
