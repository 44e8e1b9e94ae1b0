//! The command `causeline`.

fn main() {}
