//! Turns a judgement into documents, words, charts and files. Reaches no verdict and computes nothing new.

pub mod event_line;
pub mod inspection;
