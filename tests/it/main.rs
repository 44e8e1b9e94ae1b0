//! Everything that is tested from outside, in one binary: one file a topic.

mod evtx;
mod oracle;
mod simulate;
mod windows_signals;
