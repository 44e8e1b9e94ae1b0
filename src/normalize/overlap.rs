//! Finds the stretches of text logs that two files hold: a log copied at noon beside the whole of it, rotated
//! files that overlap, a file and the archive that it went into.
//!
//! Both are cut from one log then, so at one shift they agree wherever both have events, from the first event
//! of the one that begins later to the last of the one that ends first. That is asked, and not single events:
//! equal events within one file are never copies. Names tell nothing here, a copy may be called anything.
//!
//! Hosts that both files state must be the same; those that only paths tell must not differ, for the nodes of a
//! farm write alike.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::source::{Kept, One};
use super::summary::Role;
use crate::diagnostic::{Code, Diagnostic};
use crate::model::time::TICKS_PER_SECOND;
use crate::model::{Event, Timestamp, Trust};

/// So many events must speak for a copy. One does if its stamp is finer than a second, or if its words are new
/// in the stretch: nodes that answer the same check in the same second prove nothing by doing it again. If even
/// one of ten such events of other logs met by chance, six would do so once in a million.
const N_PROOFS_MIN: usize = 6;
/// Of so many events one may read otherwise, at the same instant: a parser that knows sessions tells less of
/// those that began before its file.
const N_SAME_PER_OTHER: usize = 16;
/// So many of the first events of a source are looked for in the others.
const N_ANCHORS: usize = 3;
/// So many shifts of two sources are tried.
const N_SHIFTS_MAX: usize = 32;
/// So many events are compared, for each event that one source holds.
const N_COMPARED_FACTOR: usize = 64;

/// The events of one source that may have copies, in the order of the file.
struct Strand<'a> {
    /// Which source it is.
    index: usize,
    events: Vec<&'a Event>,
    /// Their places among what the source has kept.
    places: Vec<usize>,
    span: (Timestamp, Timestamp),
}

/// A stretch that two strands hold: event `n` of the inner one is event `shift + n` of the outer one.
struct Overlap {
    outer: usize,
    inner: usize,
    shift: usize,
    len: usize,
    /// Whether the last event of the stretch is whole in one of them only, for the other ends there.
    is_last_cut: bool,
}

/// What one source loses: places, and the sources that hold the same.
#[derive(Default)]
struct Loss {
    places: BTreeSet<usize>,
    holders: BTreeSet<String>,
    /// Hours whose records all are in the other source, too.
    hours: BTreeSet<i64>,
}

/// Drops what another source holds, too, and says of each source how many events that were, and who holds them.
///
/// The source with the most events keeps them, of equal ones the earliest, then the first by path: that does
/// not depend on the order in which sources are given.
pub(super) fn drop_overlaps(ones: &mut [One]) {
    let losses = losses(ones);
    for (index, loss) in losses {
        drop_places(&mut ones[index], &loss);
    }
}

fn losses(ones: &[One]) -> BTreeMap<usize, Loss> {
    let strands = strands(ones);
    let mut losses: BTreeMap<usize, Loss> = BTreeMap::new();
    for overlap in overlaps(&strands) {
        let (outer, inner) = (&strands[overlap.outer], &strands[overlap.inner]);
        let in_outer = overlap.shift..overlap.shift + overlap.len;
        let in_inner = 0..overlap.len;
        let rank = |strand: &Strand<'_>| {
            (Reverse(strand.events.len()), strand.span.0, ones[strand.index].summary.path.clone(), strand.index)
        };
        let ((loser, mut range), (keeper, other)) = if rank(outer) < rank(inner) {
            ((inner, in_inner), (outer, in_outer))
        } else {
            ((outer, in_outer), (inner, in_inner))
        };
        if overlap.is_last_cut {
            // The file that ends with it holds the part; it may be the one that keeps all else.
            range.end -= 1;
            let last = if other.end == keeper.events.len() && range.end + 1 != loser.events.len() {
                (keeper, other.end - 1, loser)
            } else {
                (loser, range.end, keeper)
            };
            lose(&mut losses, ones, last.0, last.1..last.1 + 1, last.2);
        }
        lose(&mut losses, ones, loser, range, keeper);
    }
    losses
}

/// Notes that a stretch of a strand is in another one, too.
fn lose(
    losses: &mut BTreeMap<usize, Loss>,
    ones: &[One],
    loser: &Strand<'_>,
    range: Range<usize>,
    keeper: &Strand<'_>,
) {
    let Some(last) = range.end.checked_sub(1).filter(|last| *last >= range.start) else { return };
    let loss = losses.entry(loser.index).or_default();
    // What stands between two copies is one as well: readings of load that a record has beside its event.
    loss.places.extend(loser.places[range.start]..=loser.places[last]);
    loss.holders.insert(ones[keeper.index].summary.path.clone());
    if ones[loser.index].summary.hosts == ones[keeper.index].summary.hosts {
        let (first, last) = (loser.events[range.start].at.hour(), loser.events[last].at.hour());
        let own = ones[loser.index].summary.hours.keys().map(|(.., hour)| *hour);
        loss.hours.extend(own.filter(|hour| (first + 1..last).contains(hour)));
    }
}

/// The sources of text with events enough, whose time overlaps that of another one.
fn strands(ones: &[One]) -> Vec<Strand<'_>> {
    let span = |one: &One| {
        let mut times = one.kept.iter().filter_map(event).map(|event| event.at);
        let first = times.next()?;
        let span = times.fold((first, first), |(start, end), at| (start.min(at), end.max(at)));
        Some(span)
    };
    let is_log = |one: &One| matches!(one.summary.role, Role::AppLog | Role::Events);
    let spans: Vec<Option<(Timestamp, Timestamp)>> =
        ones.iter().map(|one| is_log(one).then(|| span(one)).flatten()).collect();
    let mut by_start: Vec<(Timestamp, Timestamp, usize)> =
        spans.iter().enumerate().filter_map(|(index, span)| span.map(|(start, end)| (start, end, index))).collect();
    by_start.sort_unstable();
    let mut chosen: BTreeSet<usize> = BTreeSet::new();
    let mut latest: Option<(Timestamp, usize)> = None;
    for (start, end, index) in by_start {
        if let Some((reach, holder)) = latest.filter(|(reach, _)| start <= *reach) {
            chosen.extend([holder, index]);
            latest = Some(if end > reach { (end, index) } else { (reach, holder) });
        } else {
            latest = Some((end, index));
        }
    }
    let strand = |index: usize| {
        let kept = ones[index].kept.iter().enumerate();
        let (places, events): (Vec<usize>, Vec<&Event>) =
            kept.filter_map(|(place, kept)| event(kept).map(|event| (place, event))).unzip();
        Some(Strand { index, events, places, span: spans[index]? })
    };
    chosen.into_iter().filter_map(strand).filter(|strand| strand.events.len() >= N_PROOFS_MIN).collect()
}

/// The event of a record of text; what tells Windows events apart, [`super::duplicate`] knows.
fn event(kept: &Kept) -> Option<&Event> {
    match kept {
        Kept::Event(Some(event), _, None) => Some(event),
        _ => None,
    }
}

/// All stretches that two strands share.
fn overlaps(strands: &[Strand<'_>]) -> Vec<Overlap> {
    let mut anchors: BTreeMap<Timestamp, Vec<(usize, usize)>> = BTreeMap::new();
    for (index, strand) in strands.iter().enumerate() {
        for (nth, event) in strand.events.iter().take(N_ANCHORS).enumerate() {
            anchors.entry(event.at).or_default().push((index, nth));
        }
    }
    let mut found = Vec::new();
    for (outer, strand) in strands.iter().enumerate() {
        let mut tried: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut settled: BTreeSet<usize> = BTreeSet::new();
        let mut n_left = strand.events.len().saturating_mul(N_COMPARED_FACTOR);
        for (at, event) in strand.events.iter().enumerate() {
            let Some(anchored) = anchors.get(&event.at) else { continue };
            for &(inner, nth) in anchored {
                // A log that begins earlier is the outer one; of two that begin alike, the first.
                let Some(shift) = at.checked_sub(nth).filter(|shift| *shift > 0 || outer < inner) else { continue };
                n_left = n_left.saturating_sub(1);
                if n_left == 0 {
                    break;
                }
                if inner == outer || settled.contains(&inner) || !is_same(event, strands[inner].events[nth]) {
                    continue;
                }
                let shifts = tried.entry(inner).or_default();
                if shifts.len() >= N_SHIFTS_MAX || !shifts.insert(shift) {
                    continue;
                }
                if let Some((len, is_last_cut)) = agree(&strand.events[shift..], &strands[inner].events, &mut n_left) {
                    settled.insert(inner);
                    found.push(Overlap { outer, inner, shift, len, is_last_cut });
                }
            }
        }
    }
    found
}

/// How long two strands agree, if they do to the end of the shorter one and that can be no chance; and whether
/// the last event is whole in one of them only.
fn agree(outer: &[&Event], inner: &[&Event], n_left: &mut usize) -> Option<(usize, bool)> {
    let len = outer.len().min(inner.len());
    let n_others_max = len / N_SAME_PER_OTHER;
    let mut n_others = 0;
    let mut is_last_cut = false;
    let mut proofs: Vec<&Event> = Vec::new();
    for (at, (one, other)) in outer.iter().zip(inner).enumerate() {
        *n_left = n_left.saturating_sub(1);
        if *n_left == 0 || one.at != other.at || !may_share_host(one, other) {
            return None;
        }
        if is_same(one, other) {
            let is_fine = one.at.0.rem_euclid(TICKS_PER_SECOND) != 0;
            if proofs.len() < N_PROOFS_MIN && (is_fine || !proofs.iter().any(|known| says_same(known, one))) {
                proofs.push(one);
            }
        } else if at + 1 == len && is_start_of(one, other) {
            is_last_cut = true;
        } else {
            n_others += 1;
            if n_others > n_others_max {
                return None;
            }
        }
    }
    (proofs.len() >= N_PROOFS_MIN).then_some((len, is_last_cut))
}

fn is_same(one: &Event, other: &Event) -> bool {
    one.at == other.at && may_share_host(one, other) && says_same(one, other)
}

/// Whether the message of one event is the start of the other's: the last line of a file that was copied while
/// it was written.
fn is_start_of(one: &Event, other: &Event) -> bool {
    let (Some(one), Some(other)) = (&one.message, &other.message) else { return false };
    one.starts_with(&**other) || other.starts_with(&**one)
}

/// Whether two events may be of one host, as far as records and paths tell.
fn may_share_host(one: &Event, other: &Event) -> bool {
    match (&one.host, &other.host) {
        (Some(own), Some(others)) => own == others,
        (None, None) => true,
        // What a record states, its copy states as well.
        (Some(_), None) => one.host_trust == Trust::Guessed,
        (None, Some(_)) => other.host_trust == Trust::Guessed,
    }
}

/// Whether two events are equal in all that a record says, its instant aside.
fn says_same(one: &Event, other: &Event) -> bool {
    one.message == other.message
        && one.action == other.action
        && one.severity == other.severity
        && one.code == other.code
        && one.user == other.user
        && one.client == other.client
        && one.activity_id == other.activity_id
        && one.duration_ms == other.duration_ms
        && one.session_id == other.session_id
        && one.error_code == other.error_code
        && one.signature == other.signature
        && one.dataset == other.dataset
        && one.provider == other.provider
        && one.data == other.data
}

fn drop_places(one: &mut One, loss: &Loss) {
    let mut place = 0;
    let n_before = one.kept.len();
    one.kept.retain(|_| {
        place += 1;
        !loss.places.contains(&(place - 1))
    });
    let n_dropped = (n_before - one.kept.len()) as u64;
    // A batch of one record is several entries; the balance of the source holds all the same.
    let n_records = n_dropped.min(one.summary.n_kept);
    one.summary.n_kept -= n_records;
    one.summary.n_irrelevant += n_records;
    one.summary.hours.retain(|(.., hour), _| !loss.hours.contains(hour));
    let mut holders = loss.holders.iter();
    let first = holders.next().map(String::as_str).unwrap_or_default();
    let detail = match holders.len() {
        0 => format!("{first} holds them, too"),
        n => format!("{first} and {n} more sources hold them, too"),
    };
    let diagnostic = Diagnostic::new(Code::EventDuplicate, &one.summary.path, None, detail);
    one.diagnostics.push(Diagnostic { count: n_dropped, ..diagnostic });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::SourceId;
    use crate::normalize::{Normalized, Options, normalize};
    use crate::read::Source;

    /// An event without its place, and what was said of copies: path, count, detail.
    type Outcome = (Vec<(Timestamp, String)>, Vec<(String, u64, String)>);

    fn read(files: &[(&str, &str)]) -> Outcome {
        let sources: Vec<Source> = files
            .iter()
            .zip(0..)
            .map(|((path, text), id)| Source::from_bytes(SourceId(id), path, text.as_bytes()))
            .collect();
        let Normalized { events, sources, diagnostics, .. } = normalize(&sources, &Options::default(), &|_| ());
        for source in &sources {
            assert_eq!(source.n_records, source.n_kept + source.n_irrelevant + source.n_damaged, "{}", source.path);
            assert_eq!(source.n_damaged, 0, "{}", source.path);
        }
        let mut events: Vec<(Timestamp, String)> =
            events.into_iter().map(|event| (event.at, event.message.unwrap_or_default().to_string())).collect();
        events.sort();
        let copies = diagnostics.into_iter().filter(|diagnostic| diagnostic.code == Code::EventDuplicate);
        (events, copies.map(|copy| (copy.path, copy.count, copy.detail)).collect())
    }

    /// A record a second, or with milliseconds, whose user is told by a letter.
    fn line(second: usize, is_fine: bool, user: usize) -> String {
        let (hour, minute, second) = (8 + second / 3600, second / 60 % 60, second % 60);
        let fraction = if is_fine { ",123" } else { ",000" };
        format!(
            "2022-08-22 {hour:02}:{minute:02}:{second:02}{fraction} [7] ERROR a.B - login failed for user user{user:03}\n"
        )
    }

    fn log(n: usize, is_fine: bool, n_users: usize) -> Vec<String> {
        (0..n).map(|at| line(at * 7, is_fine, at % n_users)).collect()
    }

    #[test]
    fn a_copy_of_noon_beside_the_whole_counts_once_in_any_order() {
        let whole = log(40, true, 3);
        let noon = whole[..15].concat();
        let whole = whole.concat();
        let once = read(&[("night/app.log", &whole)]);
        let expected = vec![("noon/app.log".to_owned(), 15, "night/app.log holds them, too".to_owned())];
        for files in [
            [("night/app.log", &*whole), ("noon/app.log", &*noon)],
            [("noon/app.log", &*noon), ("night/app.log", &*whole)],
        ] {
            assert_eq!(read(&files), (once.0.clone(), expected.clone()));
        }
    }

    #[test]
    fn what_was_cut_by_the_copy_is_in_the_whole() {
        let whole = log(40, true, 3).concat();
        let noon = &whole[..whole.match_indices('\n').nth(15).map_or(0, |(at, _)| at - 4)];
        let once = read(&[("night/app.log", &whole)]);
        let (events, copies) = read(&[("night/app.log", &whole), ("noon/app.log", noon)]);
        assert_eq!(events, once.0);
        assert_eq!(copies[0].1, 16);
        // The copy holds more than the file from which it was rotated: it keeps all but the cut record.
        let tail: String = whole.split_inclusive('\n').skip(8).take(9).collect();
        let (events, copies) = read(&[("noon/app.log", noon), ("app.log", &tail)]);
        assert_eq!(events, once.0[..17]);
        assert_eq!(copies.iter().map(|copy| copy.1).sum::<u64>(), 8);
    }

    #[test]
    fn equal_records_within_one_file_are_never_copies() {
        let same = line(3, true, 1).repeat(30);
        assert_eq!(read(&[("app.log", &same)]).0.len(), 30);
        let (events, copies) = read(&[("app.log", &same), ("app.log.1", &(line(0, true, 2) + &same))]);
        assert_eq!((events.len(), copies.len()), (31, 1));
    }

    #[test]
    fn nodes_that_answer_one_check_in_one_second_are_two() {
        let checks = log(200, false, 1).concat();
        let other = line(5_000, false, 1);
        assert_eq!(read(&[("node-a/app.log", &checks), ("node-b/app.log", &(checks.clone() + &other))]).0.len(), 401);
        // With words that tell much, or with stamps that do, they are one.
        let checks = log(200, false, N_PROOFS_MIN).concat();
        assert_eq!(read(&[("node-a/app.log", &checks), ("node-b/app.log", &(checks.clone() + &other))]).0.len(), 201);
        // Where the paths name two hosts, they are two.
        assert_eq!(
            read(&[("logs/WEB1/app.log", &checks), ("logs/WEB2/app.log", &(checks.clone() + &other))]).0.len(),
            401
        );
    }

    #[test]
    fn one_record_that_one_file_lacks_proves_two_logs() {
        let whole = log(40, true, 3);
        let mut other = whole[5..].to_vec();
        other.remove(10);
        assert_eq!(read(&[("a/app.log", &whole.concat()), ("b/app.log", &other.concat())]).0.len(), 74);
    }

    #[test]
    fn a_trace_whose_head_is_in_the_file_before_damages_nothing() {
        let trace = "System.Exception: no\n   at A.B()\n--- End of inner exception stack trace ---\n   at A.C()\n";
        let first = log(10, true, 3).concat();
        for cut in 0..trace.len() - 1 {
            if trace.as_bytes()[cut] == b'\n' {
                let (head, rest) = trace.split_at(cut + 1);
                let second = rest.to_owned() + &log(40, true, 3)[10..].concat();
                let (events, copies) = read(&[("app.log.1", &(first.clone() + head)), ("app.log", &second)]);
                assert_eq!((events.len(), copies.len()), (40, 0), "{rest}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn parts_that_overlap_tell_what_the_whole_tells(
            gaps in proptest::collection::vec((0_usize..3, any::<bool>(), 0_usize..4), 30..60),
            cut in 0_usize..30,
            n_common in prop_oneof![Just(0_usize), 8_usize..20],
            is_first_given_last in any::<bool>(),
        ) {
            let mut second = 0;
            let lines: Vec<String> = gaps.into_iter().map(|(gap, has_trace, user)| {
                second += gap;
                let trace = if has_trace { "System.Exception: no\n   at A.B()\n" } else { "" };
                line(second, true, user) + trace
            }).collect();
            let cut = cut.min(lines.len() - 1).max(1);
            let end = (cut + n_common).min(lines.len());
            // Instants that all are one tell too little; the generator makes that improbable, not impossible.
            let n_common = end - cut;
            prop_assume!(n_common == 0 || n_common >= N_PROOFS_MIN);
            let (first, last) = (lines[..end].concat(), lines[cut..].concat());
            let mut files = vec![("app.log.1", &*first), ("app.log", &*last)];
            if is_first_given_last {
                files.reverse();
            }
            let (events, copies) = read(&files);
            prop_assert_eq!(events, read(&[("app.log", &lines.concat())]).0);
            prop_assert_eq!(copies.iter().map(|copy| copy.1).sum::<u64>(), n_common as u64);
        }
    }
}
