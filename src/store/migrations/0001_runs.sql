CREATE TABLE run (
  id text PRIMARY KEY,
  environment text NOT NULL,
  sync text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('plan', 'run', 'verify')),
  status text NOT NULL CHECK (status IN ('running', 'finished', 'failed', 'interrupted')),
  started timestamptz NOT NULL,
  finished timestamptz,
  counts jsonb,
  plan jsonb,
  error jsonb
);

CREATE INDEX run_of_sync ON run (environment, sync, started DESC);
CREATE INDEX run_running ON run (id) WHERE status = 'running';
