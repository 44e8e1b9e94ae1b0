//! Every log of the inventory of lnav's own tests: is it typed, and does its first time agree?

use causeline::model::time::{TICKS_PER_DAY, TICKS_PER_SECOND};
use causeline::model::{SourceId, Timestamp};
use causeline::normalize::clock::{DateOrder, Stamp, days_from_civil, stamp};
use causeline::normalize::{Normalized, Options, normalize};
use causeline::read::Source;

use crate::packed::corpora;

/// Logs of the inventory that must be typed at least; lnav 0.11.1 types 44 of them.
const N_TYPED_MIN: usize = 51;
/// Logs whose first time must agree at least.
const N_AGREE_MIN: usize = 47;

/// Logs whose first time is another than the inventory has, and why that is right.
const ACCEPTED: &[(&str, &str)] = &[
    ("logfile_haproxy.0", "the stamp of a session is when it was accepted; the first ones began before the first line"),
    ("logfile_postgres.1", "the stamp names its zone, CEST, which the inventory leaves away"),
    ("logfile_vdsm.0", "the file is put together of samples that are not in the order of time"),
    ("logfile_w3c.1", "the file states `#GMT-Offset: -0800`, which the inventory leaves away"),
    ("logfile_w3c.3", "the inventory has the `#Date` of the header; the records are of another year"),
];

/// What a stamp of the inventory says: an instant, or what is known of it.
fn agrees(written: &str, first: Timestamp) -> Option<bool> {
    let seconds = |ticks: i64| ticks.div_euclid(TICKS_PER_SECOND);
    if let Some((stamp, _)) = stamp(written, DateOrder::Open) {
        let wanted = seconds(stamp.civil.0) - i64::from(stamp.offset_s.unwrap_or(0));
        let found = if stamp.has_year {
            first.0
        } else {
            Stamp::local(causeline::normalize::clock::Civil(first.0)).in_year(1972).civil.0
        };
        return Some(wanted == seconds(found));
    }
    // A time of day.
    let bare = written.split('.').next().unwrap_or(written);
    let parts: Vec<i64> = bare.split(':').filter_map(|part| part.parse().ok()).collect();
    let [hour, minute, second] = parts[..] else { return None };
    Some(seconds(first.0.rem_euclid(TICKS_PER_DAY)) == hour * 3_600 + minute * 60 + second)
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures are what the test is read for")]
fn logs_of_many_kinds_are_typed_and_begin_when_their_inventory_says() {
    let Some(folder) = corpora().map(|folder| folder.join("applogs/lnav")) else { return };
    let inventory = std::fs::read_to_string(folder.join("INVENTORY.tsv")).expect("the corpus has an inventory");
    // Stamps without year need something that tells it.
    let since = Timestamp(days_from_civil(2010, 1, 1) * TICKS_PER_DAY);
    let options = Options { since: Some(since), ..Options::default() };
    let (mut n_logs, mut n_typed, mut n_agree) = (0, 0, 0);
    let mut differ = Vec::new();
    for row in inventory.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let (name, written) = (cells[0], cells[4]);
        let bytes = std::fs::read(folder.join(name)).expect("what the inventory lists is there");
        let source = Source::from_bytes(SourceId(0), name, &bytes);
        let Normalized { sources, .. } = normalize(&[source], &options, &|_| ());
        n_logs += 1;
        n_typed += usize::from(sources[0].format != "unknown");
        match sources[0].span.map(|(first, _)| (agrees(written, first), first)) {
            Some((Some(true), _)) => n_agree += 1,
            Some((Some(false), first)) => {
                eprintln!("{name}: {first} is not {written}");
                differ.push(name.to_owned());
            }
            Some((None, first)) => eprintln!("{name}: {first}; the inventory has {written}"),
            None => eprintln!("{name}: no time is found; the inventory has {written}"),
        }
    }
    eprintln!("{n_typed} of {n_logs} logs are typed; the first time of {n_agree} agrees, of {} differs", differ.len());
    let accepted: Vec<&str> = ACCEPTED.iter().map(|(name, _)| *name).collect();
    assert_eq!(differ, accepted);
    assert!(n_typed >= N_TYPED_MIN && n_agree >= N_AGREE_MIN, "{n_typed} typed, {n_agree} agree");
}
