//! `causeline` reads Windows event logs and application logs from many hosts, finds the incidents in
//! which people could not connect, and says why.

pub mod model;

pub mod diagnostic;
pub mod error;

pub mod read;

pub mod normalize;

pub mod frame;

pub mod correlate;

pub mod judge;

pub mod report;

pub mod simulate;

pub mod stats;

pub use error::Error;
