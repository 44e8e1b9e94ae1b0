//! Finds the copies of Windows events: a local log beside the collector's, two exports of one log.
//!
//! Exports differ in what they keep. Where both keep log and number of the record, these decide.
//! Elsewhere an event is a copy if another source holds one of the same host, provider and id at the
//! same instant, as exactly as both tell it, and nothing that both tell differs. There each event stands
//! for one copy a source, for two equal events within one source are two events.

use std::collections::BTreeMap;

use super::copied_hours::{self, Copies};
use super::source::{Kept, One};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::{Event, Name, SourceId, Timestamp, Trust};

/// What tells a Windows event from all others, as far as its export kept it.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    /// The host; `None` until the path of the source tells it.
    pub(super) host: Option<Name>,
    /// Provider, in the spelling of reports.
    pub(super) provider: Name,
    /// Event id.
    pub(super) code: u32,
    /// The instant.
    pub(super) at: Timestamp,
    /// How the instant is known.
    pub(super) time_trust: Trust,
    /// The smallest step of the stamps of its source, in ticks.
    pub(super) step_ticks: i64,
    /// The channel in small letters, and the number of the record in it.
    pub(super) number: Option<(Name, u64)>,
}

/// Host, provider and id: only events that agree in these are compared.
type Kind = (Name, Name, u32);

/// An event that is counted.
struct Held {
    step_ticks: i64,
    number: Option<(Name, u64)>,
    source: SourceId,
    /// The event's place in its source, for what else it tells.
    place: (usize, usize),
    /// The sources whose copy of it was found, where numbers do not tell.
    taken_by: Vec<SourceId>,
}

/// Drops the copies, and says of each source how many there were. The finest source keeps its events:
/// that which has numbers of records and the smallest steps, of equal ones the first.
pub(super) fn drop_copies(ones: &mut [One], recover: bool) {
    let mut holders: BTreeMap<Kind, (SourceId, bool)> = BTreeMap::new();
    for one in ones.iter() {
        for kind in one.kept.iter().filter_map(|kept| kind(identity(kept)?)) {
            let (first, is_shared) = holders.entry(kind).or_insert((one.summary.id, recover));
            *is_shared |= *first != one.summary.id;
        }
    }
    holders.retain(|_, (_, is_shared)| *is_shared);
    if holders.is_empty() {
        return;
    }
    let mut held: BTreeMap<Kind, BTreeMap<Timestamp, Vec<Held>>> = BTreeMap::new();
    let mut copies = vec![Copies::default(); ones.len()];
    let order = finest_first(ones);
    for &index in &order {
        for (place, kept) in ones[index].kept.iter().enumerate() {
            let Some(own) = identity(kept) else { continue };
            let Some(kind) = kind(own).filter(|kind| holders.contains_key(kind)) else { continue };
            let known = held.entry(kind).or_default();
            let source = ones[index].summary.id;
            if let Some(keeper) = keeper(ones, known, own, kept, source) {
                copies[index].places.push(place);
                copies[index].keepers.extend(Some(keeper).filter(|keeper| *keeper != index));
            } else {
                let number = own.number.clone();
                let new =
                    Held { step_ticks: own.step_ticks, number, source, place: (index, place), taken_by: Vec::new() };
                known.entry(own.at).or_default().push(new);
            }
        }
    }
    copied_hours::settle(ones, &copies, &order);
    for (one, copies) in ones.iter_mut().zip(copies) {
        drop_places(one, &copies.places);
    }
}

/// The place of the source that holds an event already; notes that its copy is found.
fn keeper(
    ones: &[One],
    known: &mut BTreeMap<Timestamp, Vec<Held>>,
    own: &Identity,
    kept: &Kept,
    source: SourceId,
) -> Option<usize> {
    // Steps beyond a second do not occur; events of finer sources lie within a step of the coarser one.
    let reach = own.step_ticks.max(crate::model::time::TICKS_PER_SECOND);
    let near = known.range_mut(Timestamp(own.at.0.saturating_sub(reach))..=Timestamp(own.at.0.saturating_add(reach)));
    for (at, held) in near {
        for held in held {
            if !is_same_instant(own, *at, held.step_ticks) {
                continue;
            }
            match (&own.number, &held.number) {
                // Two machines of one name may come to one number in one second; their events differ.
                (Some(own), Some(other))
                    if own == other && !contradict(kept, &ones[held.place.0].kept[held.place.1]) =>
                {
                    return Some(held.place.0);
                }
                (Some(_), Some(_)) => {}
                _ if held.source != source
                    && !held.taken_by.contains(&source)
                    && agree(kept, &ones[held.place.0].kept[held.place.1]) =>
                {
                    held.taken_by.push(source);
                    return Some(held.place.0);
                }
                _ => {}
            }
        }
    }
    None
}

/// Whether two instants are the same, as exactly as the coarser of the two stamps tells: whether a tool
/// cuts or rounds, it stays within its step.
fn is_same_instant(own: &Identity, other: Timestamp, other_step_ticks: i64) -> bool {
    own.at == other || own.at.0.abs_diff(other.0) < own.step_ticks.max(other_step_ticks).unsigned_abs()
}

/// Whether the two tell of different people, sessions or connections: exports spell these alike.
fn contradict(one: &Kept, other: &Kept) -> bool {
    fn differ<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
        one.is_some() && other.is_some() && one != other
    }
    let (Kept::Event(Some(one), ..), Kept::Event(Some(other), ..)) = (one, other) else { return false };
    differ(one.user.as_ref(), other.user.as_ref())
        || differ(one.user_sid.as_ref(), other.user_sid.as_ref())
        || differ(one.activity_id.as_ref(), other.activity_id.as_ref())
        || differ(one.session_id.as_ref(), other.session_id.as_ref())
        || differ(one.logon_id.as_ref(), other.logon_id.as_ref())
}

/// Whether nothing that both events tell differs.
fn agree(one: &Kept, other: &Kept) -> bool {
    fn same<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
        one.is_none() || other.is_none() || one == other
    }
    let (Kept::Event(Some(one), ..), Kept::Event(Some(other), ..)) = (one, other) else {
        return matches!((one, other), (Kept::Event(None, ..), Kept::Event(None, ..)));
    };
    let both = |field: fn(&Event) -> Option<&Name>| same(field(one), field(other));
    both(|event| event.user.as_ref())
        && both(|event| event.user_sid.as_ref())
        && both(|event| event.client.as_ref())
        && both(|event| event.error_code.as_ref())
        && both(|event| event.activity_id.as_ref())
        && one.channel.as_ref().zip(other.channel.as_ref()).is_none_or(|(one, other)| one.eq_ignore_ascii_case(other))
        && same(one.session_id.as_ref(), other.session_id.as_ref())
        && same(one.logon_id.as_ref(), other.logon_id.as_ref())
        && one.data.iter().all(|(name, value)| {
            other.data.iter().find(|(other, _)| other == name).is_none_or(|(_, other)| other == value)
        })
}

/// The places of the sources, the finest first.
fn finest_first(ones: &[One]) -> Vec<usize> {
    let coarseness = |one: &One| {
        let identities = one.kept.iter().filter_map(identity);
        identities.map(|own| (own.number.is_none(), own.step_ticks)).max().unwrap_or_default()
    };
    let mut places: Vec<(bool, i64, usize)> = ones
        .iter()
        .enumerate()
        .map(|(index, one)| {
            let (has_no_number, step_ticks) = coarseness(one);
            (has_no_number, step_ticks, index)
        })
        .collect();
    places.sort_unstable();
    places.into_iter().map(|(_, _, index)| index).collect()
}

fn drop_places(one: &mut One, copies: &[usize]) {
    if copies.is_empty() {
        return;
    }
    let mut copies_left = copies.iter().peekable();
    let mut place = 0;
    one.kept.retain(|_| {
        let is_copy = copies_left.next_if(|copy| **copy == place).is_some();
        place += 1;
        !is_copy
    });
    let n_dropped = copies.len() as u64;
    one.summary.n_kept -= n_dropped;
    one.summary.n_irrelevant += n_dropped;
    let diagnostic = Diagnostic::new(Code::EventDuplicate, &one.summary.path, None, "another source holds them, too");
    one.diagnostics.push(Diagnostic { count: n_dropped, ..diagnostic });
}

fn identity(kept: &Kept) -> Option<&Identity> {
    match kept {
        Kept::Event(_, _, identity) => identity.as_ref(),
        _ => None,
    }
}

/// What an event must share with its copies. Events of an unknown host have none: two hosts may write
/// the same.
fn kind(own: &Identity) -> Option<Kind> {
    let host = own.host.as_ref().filter(|host| !host.is_empty())?;
    Some((Name::clone(host), Name::clone(&own.provider), own.code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::{Normalized, Options, normalize};
    use crate::read::Source;

    const LSM: &str = "Microsoft-Windows-TerminalServices-LocalSessionManager";

    /// A session that begins, as Winlogbeat ships it: with a number, and milliseconds.
    fn numbered(number: u64, at: &str, user: &str) -> String {
        format!(
            r#"{{"@timestamp":"2022-08-22T{at}Z","winlog":{{"event_id":21,"provider_name":"{LSM}","channel":"{LSM}/Operational",
            "record_id":{number},"computer_name":"RDS01","user_data":{{"User":"CORP\\{user}","SessionID":"5","Address":"10.1.2.3"}}}}}}"#
        )
        .replace('\n', "")
    }

    /// The same out of Azure Monitor: without a number.
    fn nameless(at: &str, user: &str) -> String {
        format!(
            r#"{{"TimeGenerated":"2022-08-22T{at}Z","Source":"{LSM}","EventLog":"{LSM}/Operational","Computer":"RDS01.corp.example",
            "EventID":21,"ParameterXml":"<Param>CORP\\{user}</Param><Param>5</Param><Param>10.1.2.3</Param>"}}"#
        )
        .replace('\n', "")
    }

    /// How many events are counted, and how many were copies.
    fn counted(sources: &[Vec<String>]) -> (usize, u64) {
        let sources: Vec<Source> = sources
            .iter()
            .zip(0..)
            .map(|(lines, id)| Source::from_bytes(SourceId(id), &format!("{id}.json"), lines.join("\n").as_bytes()))
            .collect();
        let Normalized { events, sources, diagnostics, .. } = normalize(&sources, &Options::default(), &|_| ());
        for source in &sources {
            assert_eq!(source.n_records, source.n_kept + source.n_irrelevant + source.n_damaged);
        }
        let copies = diagnostics.iter().filter(|diagnostic| diagnostic.code == Code::EventDuplicate);
        (events.len(), copies.map(|diagnostic| diagnostic.count).sum())
    }

    #[test]
    fn numbers_decide_where_both_keep_them() {
        let one = numbered(7, "06:01:02.123", "user001");
        assert_eq!(counted(&[vec![one.clone()], vec![one.clone()]]), (1, 1));
        let other = numbered(8, "06:01:02.123", "user001");
        assert_eq!(counted(&[vec![one.clone()], vec![other]]), (2, 0));
        // Two machines of one name may come to the same number at one instant.
        assert_eq!(counted(&[vec![one.clone()], vec![numbered(7, "06:01:02.123", "user002")]]), (2, 0));
        // A log that was cleared counts from one again.
        assert_eq!(counted(&[vec![one], vec![numbered(7, "09:00:00.000", "user001")]]), (2, 0));
    }

    #[test]
    fn the_coarser_stamp_decides_what_one_instant_is() {
        let csv = "Id,RecordId,ProviderName,LogName,MachineName,TimeCreated,Message\n7036,9,Service Control Manager,System,RDS01,2022-08-22 06:01:02,x\n";
        let event = |at: &str| {
            format!(
                r#"{{"@timestamp":"2022-08-22T{at}Z","winlog":{{"event_id":7036,"provider_name":"service control manager","channel":"system",
                "record_id":9,"computer_name":"rds01.corp.example","event_data":{{"param1":"Spooler"}}}}}}"#
            )
            .replace('\n', "")
        };
        assert_eq!(counted(&[vec![csv.to_owned()], vec![event("06:01:02.999")]]), (1, 1));
        assert_eq!(counted(&[vec![csv.to_owned()], vec![event("06:01:03.001")]]), (2, 0));
    }

    #[test]
    fn without_numbers_each_event_stands_for_one_copy() {
        let at = "06:01:02.123";
        let one = nameless(at, "user001");
        // Two equal events within one source are two.
        assert_eq!(counted(&[vec![one.clone(), one.clone()]]), (2, 0));
        let numbers = vec![numbered(7, at, "user001"), numbered(8, at, "user001")];
        assert_eq!(counted(&[vec![one.clone(), one.clone()], numbers.clone()]), (2, 2));
        assert_eq!(counted(&[vec![one.clone(), one.clone(), one.clone()], numbers.clone()]), (3, 2));
        assert_eq!(counted(&[numbers, vec![nameless(at, "user002")]]), (3, 0));
    }

    #[test]
    fn nothing_is_a_copy_where_the_host_is_unknown() {
        let hostless = nameless("06:01:02.123", "user001").replace("RDS01.corp.example", "");
        assert_eq!(counted(&[vec![hostless.clone()], vec![hostless]]), (2, 0));
    }
}
