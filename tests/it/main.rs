//! Everything that is tested from outside, in one binary: one file a topic.

mod evtx;
mod evtx_bytes;
mod oracle;
