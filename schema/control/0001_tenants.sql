-- Who may send and who may read. Portable SQL: SQLite and PostgreSQL run the same file. Times are Unix milliseconds.
CREATE TABLE environments
(
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    created_ms BIGINT NOT NULL
);

-- Public: they stand in web pages. They only allow sending.
CREATE TABLE ingest_keys
(
    ingest_key  TEXT   NOT NULL PRIMARY KEY,
    environment TEXT   NOT NULL REFERENCES environments (id),
    created_ms  BIGINT NOT NULL,
    revoked_ms  BIGINT
);

CREATE INDEX ingest_keys_by_environment ON ingest_keys (environment);

-- Secret: they read. Only a hash is kept.
CREATE TABLE tokens
(
    id          TEXT   NOT NULL PRIMARY KEY,
    secret_hash TEXT   NOT NULL,
    environment TEXT   NOT NULL REFERENCES environments (id),
    created_ms  BIGINT NOT NULL,
    revoked_ms  BIGINT
);

CREATE INDEX tokens_by_environment ON tokens (environment);

-- People who run the installation.
CREATE TABLE users
(
    email         TEXT   NOT NULL PRIMARY KEY,
    password_hash TEXT   NOT NULL,
    created_ms    BIGINT NOT NULL
);

-- Open dashboards. `hash` is of the cookie's value, so that a copy of this table opens nothing.
CREATE TABLE sessions
(
    hash        TEXT   NOT NULL PRIMARY KEY,
    environment TEXT   NOT NULL REFERENCES environments (id),
    created_ms  BIGINT NOT NULL,
    expires_ms  BIGINT NOT NULL
);
