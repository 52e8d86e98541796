-- Who may do what: names, limits and ends of keys and tokens, roles of people, invitations, and receipts of erasures.
-- Portable SQL as in 0001. Lists are words with a space between; times are Unix milliseconds.

-- How long views and events are kept, 1 to 90 days.
ALTER TABLE environments ADD COLUMN retention_days BIGINT NOT NULL DEFAULT 90;

ALTER TABLE ingest_keys ADD COLUMN name TEXT NOT NULL DEFAULT '';
-- Web origins that may send with it; empty is any.
ALTER TABLE ingest_keys ADD COLUMN origins TEXT NOT NULL DEFAULT '';
-- Its quota; NULL is none.
ALTER TABLE ingest_keys ADD COLUMN events_per_s BIGINT;
ALTER TABLE ingest_keys ADD COLUMN last_used_ms BIGINT;
-- The key that takes over, while both work.
ALTER TABLE ingest_keys ADD COLUMN replaced_by TEXT;

ALTER TABLE tokens ADD COLUMN name TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN scopes TEXT NOT NULL DEFAULT 'read sql write';
ALTER TABLE tokens ADD COLUMN expires_ms BIGINT;
ALTER TABLE tokens ADD COLUMN last_used_ms BIGINT;

-- Whoever was a user before there were roles ran the installation.
ALTER TABLE users ADD COLUMN role TEXT NOT NULL DEFAULT 'owner';
ALTER TABLE users ADD COLUMN last_sign_in_ms BIGINT;

-- Which environments somebody sees who is no owner.
CREATE TABLE memberships
(
    email       TEXT NOT NULL REFERENCES users (email),
    environment TEXT NOT NULL REFERENCES environments (id),
    PRIMARY KEY (email, environment)
);

-- Sessions of before have no id to be listed by; everybody signs in anew.
DELETE FROM sessions;
ALTER TABLE sessions ADD COLUMN id TEXT NOT NULL DEFAULT '';
-- NULL: opened with the printed code, by whoever runs the server.
ALTER TABLE sessions ADD COLUMN email TEXT;
ALTER TABLE sessions ADD COLUMN device TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN last_used_ms BIGINT;

-- Links that make somebody a user, or give a user a new password. `hash` is of the link's code.
CREATE TABLE invitations
(
    id           TEXT   NOT NULL PRIMARY KEY,
    hash         TEXT   NOT NULL UNIQUE,
    email        TEXT   NOT NULL,
    role         TEXT   NOT NULL,
    environments TEXT   NOT NULL,
    created_ms   BIGINT NOT NULL,
    expires_ms   BIGINT NOT NULL,
    used_ms      BIGINT
);

-- Viewers to erase, and the receipts of it. `viewer_id` is there until the work is done and then NULL: the receipt must not
-- keep what was erased, only a digest by which whoever knows the id finds it.
CREATE TABLE erasures
(
    id            TEXT   NOT NULL PRIMARY KEY,
    environment   TEXT   NOT NULL REFERENCES environments (id),
    viewer_sha256 TEXT   NOT NULL,
    viewer_id     TEXT,
    requested_ms  BIGINT NOT NULL,
    requested_by  TEXT   NOT NULL,
    -- Somebody is at it until then.
    claimed_ms    BIGINT NOT NULL DEFAULT 0,
    finished_ms   BIGINT,
    views         BIGINT NOT NULL DEFAULT 0,
    view_rows     BIGINT NOT NULL DEFAULT 0,
    event_rows    BIGINT NOT NULL DEFAULT 0
);

CREATE INDEX erasures_by_environment ON erasures (environment);
