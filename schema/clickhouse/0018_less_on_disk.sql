-- Less on disk (benches/README.md has the measurements). New parts and merged ones are written so; old ones stay as they are.
-- The moments of a timeline follow one another: what lies between two of them is smaller than they are.
ALTER TABLE view_states MODIFY COLUMN timeline CODEC(Delta, ZSTD(3));
-- What is counted and timed repeats in a view as it did in the views before; a longer search finds more of it.
ALTER TABLE event_rows
    MODIFY COLUMN sequence CODEC(Delta, ZSTD(3)),
    MODIFY COLUMN anchor_ms CODEC(Delta, ZSTD(3)),
    MODIFY COLUMN received_at CODEC(Delta, ZSTD(3)),
    MODIFY COLUMN playhead_ms CODEC(Delta, ZSTD(3)),
    MODIFY COLUMN playing_ms CODEC(Delta, ZSTD(3)),
    MODIFY COLUMN watch_ms CODEC(Delta, ZSTD(3));
