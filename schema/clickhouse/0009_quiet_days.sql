-- A day that is over becomes one part, six hours after its last row: nothing is left to join then, and reading it costs a
-- third (benches/README.md).
ALTER TABLE view_states MODIFY SETTING min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;
ALTER TABLE event_rows MODIFY SETTING min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;
