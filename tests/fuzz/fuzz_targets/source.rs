//! Any bytes as a file of any format: they are recognized, and read as what they seem to be.

#![no_main]

use std::io::Write as _;

use causeline_fuzz::{read::discover, read_in_every_way, take_one_thread};
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: take_one_thread(),
    |bytes: &[u8]| {
        if bytes.starts_with(b"PK") || bytes.starts_with(&[0x1f, 0x8b]) {
            discover_and_read(bytes);
        } else {
            read_in_every_way(bytes);
        }
    }
);

/// Archives are opened from the disk only.
fn discover_and_read(bytes: &[u8]) {
    use causeline_fuzz::read::{How, Selection};

    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("a temporary file can be written");
    let discovery = discover(&[file.path().to_owned()]).expect("the file is there");
    let selection = Selection::everything();
    for source in discovery.sources {
        assert!(!source.name.path.contains("/../") && !source.name.path.chars().any(char::is_control));
        let mut n_delivered = 0;
        let how = How { selection: &selection, starts_record: None, recover: false, digests: true };
        let reading = source.records(&how, &mut |_| n_delivered += 1);
        assert_eq!(reading.n_records, n_delivered + reading.n_unselected() + reading.n_damaged);
    }
}
