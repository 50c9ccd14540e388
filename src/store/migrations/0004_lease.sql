CREATE TABLE lease (
  resource text PRIMARY KEY,
  holder text NOT NULL,
  number integer NOT NULL,
  until timestamptz NOT NULL
);

ALTER TABLE run DROP CONSTRAINT run_status_check;
ALTER TABLE run ADD CONSTRAINT run_status_check CHECK (status IN ('running', 'finished', 'failed', 'interrupted', 'paused'));
