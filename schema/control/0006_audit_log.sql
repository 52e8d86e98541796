-- Who did what: lines are added, and dropped when they are old, and never changed. `id` is a UUIDv7, so its order is time's.
CREATE TABLE audit_log
(
    id          TEXT   NOT NULL PRIMARY KEY,
    at_ms       BIGINT NOT NULL,
    -- NULL: about the installation, as who may sign in.
    environment TEXT,
    -- `token ID`, an email address, `the operator` or `the command line`; `somebody` where nobody was recognised.
    actor       TEXT   NOT NULL,
    -- Where it came from, as limits count it; NULL from the command line.
    address     TEXT,
    deed        TEXT   NOT NULL,
    -- What it was done to: an id, an address, a statement's id. Never a secret.
    subject     TEXT   NOT NULL,
    -- More about it, as a JSON object.
    detail      TEXT   NOT NULL
);

CREATE INDEX audit_log_by_environment ON audit_log (environment, id);
