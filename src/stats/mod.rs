//! Mathematics without a domain: slices in, numbers out.
//!
//! Invariant: nothing here knows any other part of the crate; sums run in a fixed order.
