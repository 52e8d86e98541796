-- What signs the tokens of public viewer counts. The secret itself: a signature cannot be made or checked with a hash.
CREATE TABLE signing_keys
(
    id          TEXT   NOT NULL PRIMARY KEY,
    environment TEXT   NOT NULL REFERENCES environments (id),
    secret      TEXT   NOT NULL,
    created_by  TEXT   NOT NULL,
    created_ms  BIGINT NOT NULL,
    revoked_by  TEXT,
    revoked_ms  BIGINT
);

CREATE INDEX signing_keys_by_environment ON signing_keys (environment);
