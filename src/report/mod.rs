//! Turns a judgement into documents, words, charts and files. Reaches no verdict and computes nothing new.
