//! Everything that is tested from outside, in one binary: one file a topic.

#![allow(
    clippy::unwrap_used,
    clippy::pedantic,
    clippy::disallowed_methods,
    clippy::needless_lifetimes,
    clippy::print_stderr,
    clippy::print_stdout,
    unreachable_pub,
    unfulfilled_lint_expectations,
    reason = "a test may panic, and the environment names the corpora"
)]

mod archives;
mod browser;
mod cases;
mod catalog;
mod cli;
mod command;
mod corpus_tables;
mod counts;
mod course;
mod damage;
mod damaged;
mod evidence;
mod evtx;
mod evtx_bytes;
mod exports;
mod first_times;
mod fleet;
mod forecast;
mod formats;
mod founding;
mod judge;
mod normalize;
mod once;
mod oracle;
mod own_formats;
mod packed;
mod page;
mod read;
mod readers;
mod redact;
mod review;
mod show;
mod signatures;
mod simulate;
mod templates;
mod traps;
mod truth;
mod windows_signals;
