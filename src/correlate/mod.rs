//! What happens together: attempts as numbers, rates, onsets, exposure. Finds associations, claims no causes.
//!
//! In: [`crate::frame::Tables`]. Out: values that `judge` weighs.
//!
//! Invariant: no verdict is reached here.
