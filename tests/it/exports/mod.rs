//! One small case in every shape in which Windows events are exported, and the same log handed over twice.
//!
//! The case is simulated as EVTX, read back, and written in each shape by a writer of its own
//! (`writers`), from the layout that the shape's documentation gives. What people then hand over is judged
//! as a stranger's logs.

pub mod case;
mod copies;
mod lossless;
mod lossy;
mod text;
mod text_writers;
pub mod writers;
