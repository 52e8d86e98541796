-- SQL that people keep for one another, by environment. Portable SQL as in 0001.
CREATE TABLE saved_queries
(
    id          TEXT   NOT NULL PRIMARY KEY,
    environment TEXT   NOT NULL REFERENCES environments (id),
    name        TEXT   NOT NULL,
    query       TEXT   NOT NULL,
    -- A person, a token, or the operator.
    created_by  TEXT   NOT NULL,
    created_ms  BIGINT NOT NULL,
    updated_by  TEXT,
    updated_ms  BIGINT,
    UNIQUE (environment, name)
);
