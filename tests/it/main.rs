//! All integration tests, one module a topic.

mod fleet;
mod judge;
