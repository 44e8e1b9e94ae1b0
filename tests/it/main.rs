//! Integration tests, in one binary.

mod read;
