-- What a person decided about a run afterwards: {how, by, at, run}.
ALTER TABLE run ADD COLUMN resolution jsonb;
