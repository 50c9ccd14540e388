-- Who uses a connection at this moment, and which part of its places each run has.
CREATE TABLE connection_share (
  connection text NOT NULL,
  run text NOT NULL,
  part double precision NOT NULL,
  shut timestamptz NOT NULL,
  until timestamptz NOT NULL,
  PRIMARY KEY (connection, run)
);
