//! What the programs of a Unix host say of logons: sshd, login, su, sudo, PAM, winbind, xrdp.
//!
//! Sessions of timers and services (`cron`, `systemd-user`) are no logons of people. Where a PAM module and
//! the program itself tell the same success, the program's word counts.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::normalize::message::Line;

/// Puts outcome, user and client into a line, where the message tells of a logon.
pub(super) fn understand(line: &mut Line<'_>) {
    let Cow::Borrowed(message) = line.message else { return };
    let tag = line.logger.unwrap_or("");
    let program = tag.rsplit('/').next().unwrap_or(tag);
    if is_no_person(program, message) {
        // The words "session opened for user root" alone would read as a success.
        line.message = Cow::Borrowed("");
        return;
    }
    let Some(told) = sshd(program, message).or_else(|| others(message)) else { return };
    line.outcome = Some(told.is_success);
    line.properties = vec![(Cow::Borrowed("user"), Cow::Borrowed(told.user))];
    if let Some(client) = told.client.filter(|client| !client.is_empty()) {
        line.properties.push((Cow::Borrowed("client"), Cow::Borrowed(client)));
    }
}

struct Told<'t> {
    is_success: bool,
    user: &'t str,
    client: Option<&'t str>,
}

/// Whether a message tells of a session that no person opened, or that the program tells itself.
fn is_no_person(program: &str, message: &str) -> bool {
    let of_timer = ["cron", "CRON", "crond", "crontab", "atd", "anacron", "run-parts", "systemd-user"]
        .iter()
        .any(|name| program.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('(')));
    of_timer
        || tells_of_session(message)
            && (program.starts_with("sshd")
                || program == "systemd"
                || ["cron:", "crond:", "atd:", "systemd-user:", "sshd:"].iter().any(|of| message.contains(of))
                || program.starts_with("su") && message.ends_with("by (uid=0)"))
        || program.starts_with("systemd")
            && (message.starts_with("Started ")
                || message.starts_with("Starting ")
                || message.starts_with("Created slice "))
}

fn tells_of_session(message: &str) -> bool {
    static SESSION: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new("session "));
    SESSION.find_iter(message.as_bytes()).any(|at| {
        let rest = &message[at + 8..];
        rest.starts_with("opened for user") || rest.starts_with("closed for user")
    })
}

fn word(text: &str) -> &str {
    text.split([' ', ',', ';']).next().unwrap_or("")
}

/// What follows a key, up to the next blank.
fn after<'t>(message: &'t str, key: &str) -> Option<&'t str> {
    let at = memchr::memmem::find(message.as_bytes(), key.as_bytes())?;
    Some(word(&message[at + key.len()..]))
}

fn sshd<'t>(program: &str, message: &'t str) -> Option<Told<'t>> {
    if !program.starts_with("sshd") {
        return None;
    }
    let (is_success, rest) = if let Some(rest) = message.strip_prefix("Accepted ") {
        (true, rest)
    } else {
        // `none` and `publickey` are what a client tries before it asks for a password.
        let rest = message.strip_prefix("Failed ")?;
        (false, Some(rest).filter(|rest| !rest.starts_with("none ") && !rest.starts_with("publickey "))?)
    };
    let (_, rest) = rest.split_once(" for ")?;
    let rest = rest.strip_prefix("invalid user ").unwrap_or(rest);
    // An account that does not exist may hold blanks: the last `from` counts.
    let (user, behind) = rest.rsplit_once(" from ")?;
    Some(Told { is_success, user, client: Some(word(behind)) })
}

fn others(message: &str) -> Option<Told<'_>> {
    let failed = |user, client| Some(Told { is_success: false, user, client });
    let passed = |user, client| Some(Told { is_success: true, user, client });
    if message.contains("authentication failure;") {
        return failed(after(message, " user=")?, after(message, "rhost="));
    }
    if let Some(at) = message.find("AUTHFAIL: ") {
        return failed(after(&message[at..], "user=")?, after(message, " ip=").map(without_port));
    }
    if message.contains("created session (access granted)") {
        return passed(after(message, "username ")?, after(message, " ip ").map(without_port));
    }
    if message.contains("denied access (") {
        return failed(message.split('\'').nth(1)?, None);
    }
    if let Some(rest) = message.strip_prefix("FAILED LOGIN ") {
        return failed(after(rest, " FOR ")?.trim_matches('\''), None);
    }
    if let Some(rest) = message.strip_prefix("LOGIN ON ") {
        return passed(after(rest, " BY ")?, after(rest, " FROM "));
    }
    if message.starts_with("FAILED SU ") || message.starts_with("FAILED su ") {
        return failed(after(message, ") ")?, None);
    }
    if message.contains("incorrect password attempt") {
        return failed(word(message.trim_start()), None);
    }
    None
}

fn without_port(address: &str) -> &str {
    match address.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => address,
    }
}
