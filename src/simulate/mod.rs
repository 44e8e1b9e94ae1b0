//! Writes cases with known truth as the files that an operator would hand over.
//!
//! Invariant: knows `model` and nothing else of ours; its EVTX writer shares nothing with the reader.
