//! Whether a session's close completed: every witness that says otherwise leaves a mark.

use std::collections::BTreeMap;

use super::coverage::{Shows, Sight};
use super::sessions::{Ended, LOGOFF_S};
use super::who::{Actor, is_host_log};
use super::{Close, EndKind, Mark, Session};
use crate::model::{Action, Event, Name, Provenance, Timestamp};

/// How long before a session's end its witnesses may speak, in seconds: the subsystem's complaint about a
/// slow termination precedes the record of the logoff.
const BEFORE_S: f64 = 300.0;

/// Witnesses that healthy hosts show as well: they leave a mark and prove nothing alone.
const WEAK: &[&str] = &[HIVE_IN_USE, DIRECTORY_LEFT, NOT_FULLY_NAMED];
const HIVE_IN_USE: &str = "profile-hive-in-use-1530";
const DIRECTORY_LEFT: &str = "profile-directory-left-1533";
const NOT_FULLY_NAMED: &str = "other-close-complaint";

/// Tests the close of each session that ended by a logoff.
///
/// A close is incomplete by one strong witness: a record of the session manager (45, 44, 36, 37, 52, 53), a
/// profile unload or a FSLogix logoff that began and did not end, a profile disk that was attached and not
/// detached, a logoff that was asked for and never came. Weak ones (1530, 1533) are common on healthy hosts:
/// they are kept as marks, for their rate may tell, and leave the close complete. Reboots and edges are no
/// closes. A test whose time is cut by a boot or by the end of its source says nothing.
pub(super) fn test(ended: Vec<Ended>, events: &[Event], actors: &[Actor], sight: &Sight) -> Vec<Session> {
    let witnesses = Witnesses::gather(events, actors);
    let boots = super::sessions::boots(events);
    let mut sessions: Vec<Session> = Vec::with_capacity(ended.len());
    for Ended { mut session, stuck } in ended {
        if let (Some(at), EndKind::Logoff) = (session.ended_at, session.end_kind) {
            session.marks.extend(stuck);
            let own_boots = boots.get(&session.host).map_or(&[][..], Vec::as_slice);
            let is_cut = own_boots.iter().any(|boot| (0.0..=LOGOFF_S).contains(&boot.seconds_since(at)));
            witnesses.spoken(&mut session, at);
            if !is_cut {
                witnesses.unfinished(&mut session, at, sight);
            }
            session
                .marks
                .sort_by(|one, other| (one.at, one.witness, one.record).cmp(&(other.at, other.witness, other.record)));
            session.marks.dedup();
            session.close = if session.marks.iter().any(|mark| !WEAK.contains(&mark.witness)) {
                Close::Incomplete
            } else if sight.covers(&session.host, Shows::Close, at) {
                Close::Complete
            } else {
                Close::NotObservable
            };
        }
        sessions.push(session);
    }
    sessions
}

/// Whether a mark proves an incomplete close by itself.
pub fn is_strong(mark: &Mark) -> bool {
    !WEAK.contains(&mark.witness)
}

/// What one record of the close says, and how it names its session.
struct Word {
    at: Timestamp,
    number: Option<u32>,
    user: Option<Name>,
    activity: Option<Name>,
    dataset: Name,
    code: Option<u32>,
    is_lsm: bool,
    record: Provenance,
}

impl Word {
    /// Whether it speaks of that session: by number and account where it names both.
    fn is_about(&self, session: &Session) -> bool {
        match (self.number, session.session_id) {
            (Some(one), Some(other)) => one == other && self.user.as_ref().is_none_or(|user| *user == session.user),
            _ => self.user.as_ref() == Some(&session.user),
        }
    }

    fn witness(&self) -> &'static str {
        if self.dataset.starts_with("fslogix") {
            return "fslogix-close-incomplete";
        }
        match (self.is_lsm, self.code) {
            (true, Some(45)) => "lsm-45",
            (true, Some(44)) => "lsm-44",
            (true, Some(36)) => "lsm-36",
            (true, Some(37)) => "lsm-37",
            (true, Some(52)) => "lsm-52",
            (true, Some(53)) => "lsm-53",
            (_, Some(1530)) => HIVE_IN_USE,
            (_, Some(1533)) => DIRECTORY_LEFT,
            (_, Some(1512 | 1517 | 1524 | 1534)) => "profile-not-freed",
            (_, Some(20491 | 20492)) => "profile-disk-not-released",
            (_, Some(11 | 35 | 113 | 51)) => "disk-not-released",
            (_, Some(30817)) => "file-close-failed",
            _ => NOT_FULLY_NAMED,
        }
    }
}

/// All words about closes, by host and time.
#[derive(Default)]
struct Witnesses {
    complaints: BTreeMap<Name, Vec<Word>>,
    begun: BTreeMap<Name, Vec<Word>>,
    finished: BTreeMap<Name, Vec<Word>>,
    attached: BTreeMap<Name, Vec<Word>>,
    detached: BTreeMap<Name, Vec<Word>>,
    /// By account and time: whether its disk came online, or was refused.
    disks: BTreeMap<Name, Vec<(Timestamp, bool)>>,
}

impl Witnesses {
    fn gather(events: &[Event], actors: &[Actor]) -> Self {
        let mut witnesses = Self::default();
        for (event, actor) in events.iter().zip(actors) {
            let Some(host) = actor.host.as_ref().filter(|_| is_host_log(event)) else { continue };
            let is_attached = event.action == Action::DiskAttached;
            if let (Some(user), true) = (&actor.user, is_attached || event.action == Action::Failure) {
                witnesses.disks.entry(user.clone()).or_default().push((event.at, is_attached));
            }
            let words = match event.action {
                Action::IncompleteClose => &mut witnesses.complaints,
                Action::ProfileUnloadBegin => &mut witnesses.begun,
                Action::ProfileUnloadEnd => &mut witnesses.finished,
                Action::DiskAttached => &mut witnesses.attached,
                Action::DiskDetached => &mut witnesses.detached,
                _ => continue,
            };
            let provider = event.provider.as_deref().unwrap_or("");
            words.entry(host.clone()).or_default().push(Word {
                at: event.at,
                number: event.session_id,
                user: actor.user.clone(),
                activity: event.activity_id.clone(),
                dataset: event.dataset.clone(),
                code: event.code,
                is_lsm: provider.contains("LocalSessionManager"),
                record: event.provenance,
            });
        }
        witnesses
    }

    /// Marks what was said about the close in so many words.
    fn spoken(&self, session: &mut Session, at: Timestamp) {
        let words = between(&self.complaints, &session.host, at.plus_seconds(-BEFORE_S), at.plus_seconds(LOGOFF_S));
        let marks: Vec<Mark> = words
            .filter(|word| word.is_about(session))
            .map(|word| Mark { at: word.at, witness: word.witness(), record: word.record })
            .collect();
        session.marks.extend(marks);
    }

    /// Marks what began at the close and did not end within a quarter of an hour.
    fn unfinished(&self, session: &mut Session, at: Timestamp, sight: &Sight) {
        let due = at.plus_seconds(LOGOFF_S);
        if !sight.covers(&session.host, Shows::Close, due) {
            return;
        }
        let from = at.plus_seconds(-BEFORE_S);
        let mut marks = Vec::new();
        for begun in between(&self.begun, &session.host, from, due).filter(|word| word.is_about(session)) {
            // Without any finished unload in this log, its absence says nothing.
            let log = self.finished.get(&session.host).into_iter().flatten();
            if !log.clone().any(|word| word.dataset == begun.dataset) {
                continue;
            }
            let ends =
                between(&self.finished, &session.host, begun.at.plus_seconds(-1.0), begun.at.plus_seconds(LOGOFF_S));
            let is_finished = ends
                .filter(|word| word.dataset == begun.dataset)
                .any(|word| word.is_about(session) || (word.activity.is_some() && word.activity == begun.activity));
            if !is_finished {
                let is_fslogix = begun.dataset.starts_with("fslogix");
                let witness = if is_fslogix { "fslogix-unload-unfinished" } else { "profile-unload-unfinished" };
                marks.push(Mark { at: begun.at, witness, record: begun.record });
            }
        }
        let since = session.started_at.map_or(from, |started| started.plus_seconds(-BEFORE_S));
        let disks = between(&self.attached, &session.host, since, at).filter(|word| word.is_about(session));
        if let Some(attached) = disks.last()
            && self.detached.contains_key(&session.host)
            && !between(&self.detached, &session.host, attached.at, due).any(|word| word.is_about(session))
            && !self.was_released(session, at)
        {
            marks.push(Mark { at: attached.at, witness: "disk-not-detached", record: attached.record });
        }
        session.marks.extend(marks);
    }
}

impl Witnesses {
    /// Whether the user's next profile disk came online anywhere without a refusal before it: then this one had
    /// been released, and only the record of it is missing, for a disk cannot be attached twice.
    fn was_released(&self, session: &Session, at: Timestamp) -> bool {
        let next = |words: &BTreeMap<Name, Vec<(Timestamp, bool)>>| {
            let words = words.get(&session.user)?;
            words.get(words.partition_point(|word| word.0 <= at)).map(|word| word.1)
        };
        next(&self.disks) == Some(true)
    }
}

/// The words of one host within a span, by time.
fn between<'a>(
    words: &'a BTreeMap<Name, Vec<Word>>,
    host: &Name,
    from: Timestamp,
    to: Timestamp,
) -> impl Iterator<Item = &'a Word> + Clone {
    let words = words.get(host).map_or(&[][..], Vec::as_slice);
    let start = words.partition_point(|word| word.at < from);
    words[start..].iter().take_while(move |word| word.at <= to)
}
