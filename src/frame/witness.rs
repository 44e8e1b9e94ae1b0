//! The witnesses of a close that did not complete, and how far each can be believed.

use super::{Close, Mark, Session};
use crate::model::{Action, Event};

/// How far one witness can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Healthy hosts show it as well: it leaves a mark, for its rate may tell, and proves nothing alone.
    Weak,
    /// It proves an incomplete close by itself.
    Strong,
}

/// One kind of witness.
#[derive(Clone, Copy, Debug)]
pub struct CloseWitness {
    /// The name that marks carry.
    pub name: &'static str,
    /// How far it can be believed.
    pub strength: Strength,
    /// What it saw, and why it is believed that far.
    pub why: &'static str,
}

pub(super) const DISK_NOT_DETACHED: &str = "disk-not-detached";
pub(super) const FSLOGIX_UNFINISHED: &str = "fslogix-unload-unfinished";
pub(super) const UNLOAD_UNFINISHED: &str = "profile-unload-unfinished";
pub(super) const LOGOFF_STUCK: &str = "logoff-stuck";
pub(super) const END_NEVER_LOGGED: &str = "end-never-logged";
pub(super) const LIMIT_PASSED: &str = "disconnect-limit-passed";
pub(super) const LOCKED_NEXT: &str = "next-logon-locked";
pub(super) const BEGUN_ELSEWHERE: &str = "begun-elsewhere";
pub(super) const BEGUN_ANEW: &str = "begun-anew";
pub(super) const DETACH_NOT_LOGGED: &str = "disk-detach-not-logged";
pub(super) const DISK_FREE_LATER: &str = "disk-free-later";
const FSLOGIX_SAYS: &str = "fslogix-close-incomplete";
const HIVE_IN_USE: &str = "profile-hive-in-use-1530";
const DIRECTORY_LEFT: &str = "profile-directory-left-1533";
const NOTICE_FAILED: &str = "profile-notice-failed-1534";
const BROKER_REFUSED: &str = "broker-refused-notice-1299";
const NOT_FULLY_NAMED: &str = "other-close-complaint";

const fn strong(name: &'static str, why: &'static str) -> CloseWitness {
    CloseWitness { name, strength: Strength::Strong, why }
}

const fn weak(name: &'static str, why: &'static str) -> CloseWitness {
    CloseWitness { name, strength: Strength::Weak, why }
}

/// Every witness that a mark may name.
///
/// The last three are found by what the user did next. They stand in [`super::Session::later`] and never among
/// the marks, for whoever weighs the next attempt must not be told its outcome.
pub const CLOSE_WITNESSES: &[CloseWitness] = &[
    strong(DISK_NOT_DETACHED, "a profile disk came online and not offline again; the host logs both (VHDMP 1, 2)"),
    strong(FSLOGIX_UNFINISHED, "FSLogix began to unload a profile and never said that it had; its log goes on"),
    strong(FSLOGIX_SAYS, "FSLogix itself says that it could not detach or unload"),
    strong(UNLOAD_UNFINISHED, "the profile service heard of a logoff and never was done with it (3 without 4)"),
    strong(LOGOFF_STUCK, "a logoff was asked for (7002, 4647, a limit of time) and never came (no 23)"),
    strong(END_NEVER_LOGGED, "another user got the number of a session that had never ended"),
    strong(LIMIT_PASSED, "it outlived the limit that ends every other disconnected session of the host"),
    strong("lsm-45", "the Windows subsystem was too slow on the session's termination"),
    strong("lsm-44", "the Windows subsystem was too slow on the session's disconnect"),
    strong("lsm-36", "the session's state machine met an error while closing"),
    strong("lsm-37", "the session's state machine met an illegal move while closing"),
    strong("lsm-52", "the connection manager was too slow to begin the disconnect"),
    strong("lsm-53", "the connection manager was too slow to end the disconnect"),
    strong("profile-not-freed", "a registry hive was not unloaded (1512, 1517, 1524)"),
    strong("profile-disk-not-released", "a user profile disk could not be disconnected or detached (20491, 20492)"),
    strong("disk-not-released", "a disk was lost, or removed with data unwritten (VHDMP 11, 35, 113)"),
    strong("file-close-failed", "a file on a share could not be closed"),
    weak(HIVE_IN_USE, "antivirus and agents hold hives open on healthy hosts, too; Windows unloads it by force"),
    weak(DIRECTORY_LEFT, "a profile's folder could not be deleted: common with temporary profiles"),
    weak(NOTICE_FAILED, "one component failed on the notice of the logoff; the others went on"),
    weak(DISK_FREE_LATER, "no record says that a profile disk went offline, but it came online again without trouble"),
    weak(
        BROKER_REFUSED,
        "the broker refused a notice of the session's state: in an outage of the broker it does so to all",
    ),
    weak(NOT_FULLY_NAMED, "a complaint about a close in words that no rule knows"),
    weak(DETACH_NOT_LOGGED, "as disk-not-detached, on a host whose log has lost more such records for certain"),
    weak(LOCKED_NEXT, "the user's next logon met a lock: two sessions that are both in use do the same"),
    weak(BEGUN_ELSEWHERE, "the user began a session on another host while this one never ended"),
    weak(BEGUN_ANEW, "the user got a new session on the same host while this one never ended"),
];

/// Whether a mark proves an incomplete close by itself.
pub fn is_strong(mark: &Mark) -> bool {
    CLOSE_WITNESSES.iter().any(|known| known.name == mark.witness && known.strength == Strength::Strong)
}

/// Whether the close completed, by what could be known before the user's next attempt.
///
/// Which of two witnesses a disk is that never was seen to go offline hangs on whether it came online again, and that
/// is the outcome of the next attempt: whoever weighs that attempt takes both for the same. Where the host's log loses
/// such records, it could not have shown either.
pub fn close_at_the_time(session: &Session) -> Close {
    let has = |names: &[&str]| session.marks.iter().any(|mark| names.contains(&mark.witness));
    let is_proven = session.marks.iter().any(|mark| is_strong(mark) && mark.witness != DISK_NOT_DETACHED);
    if is_proven || (session.close == Close::NotObservable) {
        session.close
    } else if has(&[DETACH_NOT_LOGGED]) {
        Close::NotObservable
    } else if has(&[DISK_NOT_DETACHED, DISK_FREE_LATER]) {
        Close::Incomplete
    } else {
        session.close
    }
}

/// How far the best of these marks can be believed; `None` without marks.
pub fn strength(marks: &[Mark]) -> Option<Strength> {
    marks.iter().map(|mark| if is_strong(mark) { Strength::Strong } else { Strength::Weak }).max()
}

/// Whether the event complains of a close. Some that healthy hosts write have another part in the catalog.
pub(super) fn is_complaint(event: &Event) -> bool {
    let is_profile_service = event.provider.as_deref().is_some_and(|provider| provider.contains("User Profile"));
    match event.code.filter(|_| is_profile_service) {
        Some(1530) => true,
        // It is told of logons in the same words; the name of the notice tells which.
        Some(1534) => {
            let notice = event.data.iter().find(|(name, _)| name.eq_ignore_ascii_case("Event"));
            notice.is_some_and(|(_, notice)| {
                let notice = notice.to_lowercase();
                ["unload", "delete", "logoff"].iter().any(|word| notice.contains(word))
            })
        }
        _ => event.action == Action::IncompleteClose,
    }
}

/// The name of the witness that an event with a complaint is.
pub(super) fn spoken(event: &Event) -> &'static str {
    let provider = event.provider.as_deref().unwrap_or("");
    if event.dataset.starts_with("fslogix") || provider.contains("FSLogix") {
        return FSLOGIX_SAYS;
    }
    match (provider.contains("LocalSessionManager"), event.code) {
        (true, Some(45)) => "lsm-45",
        (true, Some(44)) => "lsm-44",
        (true, Some(36)) => "lsm-36",
        (true, Some(37)) => "lsm-37",
        (true, Some(52)) => "lsm-52",
        (true, Some(53)) => "lsm-53",
        (_, Some(1530)) => HIVE_IN_USE,
        (_, Some(1533)) => DIRECTORY_LEFT,
        (_, Some(1534)) => NOTICE_FAILED,
        (_, Some(1512 | 1517 | 1524)) => "profile-not-freed",
        (_, Some(20491 | 20492)) => "profile-disk-not-released",
        (_, Some(11 | 35 | 113 | 51)) => "disk-not-released",
        (_, Some(30817)) => "file-close-failed",
        (_, Some(1299)) => BROKER_REFUSED,
        _ => NOT_FULLY_NAMED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_witness_stands_once_with_its_reason() {
        let mut names: Vec<&str> = CLOSE_WITNESSES.iter().map(|witness| witness.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
        assert!(CLOSE_WITNESSES.iter().all(|witness| witness.why.len() > 20));
    }
}
