-- What people note beside the figures, and what was wrong with them. Nothing is overwritten without a trace of who and when.
CREATE TABLE annotations
(
    id              TEXT   NOT NULL PRIMARY KEY,
    environment     TEXT   NOT NULL REFERENCES environments (id),
    -- What it is about.
    at_ms           BIGINT NOT NULL,
    note            TEXT   NOT NULL,
    sub_property_id TEXT,
    -- `token:ID` or `session`.
    created_by      TEXT   NOT NULL,
    created_ms      BIGINT NOT NULL,
    updated_by      TEXT,
    updated_ms      BIGINT,
    -- Deleted ones are kept for whoever asks who deleted them.
    deleted_by      TEXT,
    deleted_ms      BIGINT
);

CREATE INDEX annotations_by_environment ON annotations (environment, at_ms);

CREATE TABLE incidents
(
    id                      TEXT             NOT NULL PRIMARY KEY,
    environment             TEXT             NOT NULL REFERENCES environments (id),
    -- The same for each time the same thing goes wrong.
    incident_key            TEXT             NOT NULL,
    -- open, closed or expired; warning or alert.
    status                  TEXT             NOT NULL,
    severity                TEXT             NOT NULL,
    measurement             TEXT             NOT NULL,
    measured_value          DOUBLE PRECISION,
    affected_views          BIGINT           NOT NULL,
    affected_views_per_hour DOUBLE PRECISION NOT NULL,
    started_ms              BIGINT           NOT NULL,
    resolved_ms             BIGINT,
    -- Everything else about it, as JSON.
    detail                  TEXT             NOT NULL
);

CREATE INDEX incidents_by_environment ON incidents (environment, started_ms);
