-- The guards that a person let pass in a run, who and when: {codes, by, at}.
ALTER TABLE run ADD COLUMN approval jsonb;
