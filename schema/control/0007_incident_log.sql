-- What people did about an incident: opened it by hand, took it on, noted something, resolved it. Portable SQL as in 0001.
CREATE TABLE incident_log
(
    id       TEXT   NOT NULL PRIMARY KEY,
    incident TEXT   NOT NULL REFERENCES incidents (id),
    at_ms    BIGINT NOT NULL,
    -- open, acknowledge, note or resolve.
    action   TEXT   NOT NULL,
    -- A person, a token, or the operator.
    actor    TEXT   NOT NULL,
    -- Empty: nothing was said.
    note     TEXT   NOT NULL
);

CREATE INDEX incident_log_by_incident ON incident_log (incident, at_ms);

-- Of two who take on the same incident, one does.
CREATE UNIQUE INDEX incident_log_once ON incident_log (incident, action) WHERE action <> 'note';
