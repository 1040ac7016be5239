-- What giving up a posting and failing to make one need to know.

-- 1 for an article that came from an export with the time at which it was added there, where that lay in the past.
ALTER TABLE articles ADD COLUMN moved SMALLINT NOT NULL DEFAULT 0;

-- The community of a digest's channel; what was given with it, as JSON (schedules/undo.rs); when sending was first tried.
ALTER TABLE outbox ADD COLUMN community BIGINT REFERENCES communities (id);
ALTER TABLE outbox ADD COLUMN digest TEXT;
ALTER TABLE outbox ADD COLUMN first_tried_at BIGINT;

-- How often the digest that is due could not be made, and why one could not.
ALTER TABLE schedules ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;
ALTER TABLE schedules ADD COLUMN trouble TEXT;
