//! Turns events into tables: attempts, sessions, changes, load, coverage. The only module that names polars.
//!
//! In: [`crate::normalize::Normalized`]. Out: [`Tables`], each sorted by time with a full key.
//!
//! Invariant: no type of polars stands in a public signature; each row leads back to its records.

pub mod tables;

pub use tables::{
    Attempt, Certainty, Change, Close, Coverage, EndKind, HostChange, HostHour, Mark, Outcome, Session, Tables,
};
