-- Edge nodes that came and went, and what was refused of what they sent.

CREATE TABLE davy.edge_nodes (
  site      text NOT NULL,
  edge_node text NOT NULL,
  at        timestamptz NOT NULL,
  change    text NOT NULL,
  PRIMARY KEY (site, edge_node, at, change)
);

-- How many readings were refused in an hour, by each run of Davy: a count that is told again takes its own place.
CREATE TABLE davy.dead_letters (
  site  text NOT NULL,
  hour  timestamptz NOT NULL,
  run   timestamptz NOT NULL,
  code  text NOT NULL,
  count bigint NOT NULL,
  PRIMARY KEY (site, hour, run, code)
);
