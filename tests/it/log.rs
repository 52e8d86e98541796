//! The log: one suite of promises that both hosts keep, and what only one of them has.

mod group;
mod refusals;
mod secure;
mod segment;
mod suite;
mod support;
mod worker;

use suite::on_both_hosts;

on_both_hosts![
    keeps_order_and_keys,
    continues_after_reopening,
    gives_every_writer_its_own_places,
    brings_commits_and_intents_back,
    repeats_what_was_not_committed,
    hands_over_to_the_next_consumer,
    shows_a_tail_everything_after_it_began,
    begins_a_tail_where_it_is_told,
    pauses_resumes_and_seeks,
    loses_nothing_when_calls_are_dropped,
    refuses_what_is_too_large,
    refuses_appends_after_closing,
    survives_crashes_at_every_step,
    keeps_a_quarantine,
];
