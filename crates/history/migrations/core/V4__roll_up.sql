-- How far readings have been rolled up, and which hours have to be again because something came late.

CREATE TABLE davy.rolled_up (
  id    integer PRIMARY KEY CHECK (id = 1),
  until timestamptz NOT NULL
);

-- Tag 0: all tags. The stamp tells a hour that came due again from the one that was taken care of.
CREATE SEQUENCE davy.due_stamps;
CREATE TABLE davy.roll_up_due (
  hour   timestamptz NOT NULL,
  tag_id integer NOT NULL,
  stamp  bigint NOT NULL DEFAULT nextval('davy.due_stamps'),
  PRIMARY KEY (hour, tag_id)
);
