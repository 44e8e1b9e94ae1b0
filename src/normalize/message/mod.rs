//! What a message of an application means for people who want to connect.
//!
//! A message counts where it speaks of logging on, sessions or connections and says how that went; the
//! words are those that loggers of any vendor use, in English, German and French. Which failure it is,
//! the catalog of signatures says. All other messages are irrelevant unless they are errors or warnings; of these
//! one a minute is kept.

mod gist;
mod shape;
mod warnings;
mod words;

use std::borrow::Cow;

use regex::Regex;

pub use gist::Gists;
pub(crate) use shape::{Telling, n_before_digit};
use words::{CLIENT, ERROR_CODE, NO_NAMES, TARGET, TOPIC, USER};

use super::format::{Context, LineOutcome};
use super::property::{self, Meaning};
use super::signature::Hit;
use crate::model::identity::{canonical_host, canonical_user};
use crate::model::{Action, Fault, Name, Severity, Timestamp, Trust};
use crate::read::Fields;

/// Stands for the code in the signature of a failure without one.
pub(super) const NO_CODE: &str = "no-code";

/// How a trace of Python begins.
const PYTHON_TRACE: &str = "Traceback (most recent call last):";

/// One message of an application.
#[derive(Clone, Debug, Default)]
pub struct Line<'a> {
    /// Its instant.
    pub at: (Timestamp, Option<Trust>),
    /// How grave it is by its own word.
    pub severity: Severity,
    /// The logger.
    pub logger: Option<&'a str>,
    /// The host that wrote it, where the record says so beside its text.
    pub host: Option<&'a str>,
    /// The text, with its values put in.
    pub message: Cow<'a, str>,
    /// The text before its values were put in, names in braces for them, where the record says it.
    pub template: Option<&'a str>,
    /// Exception and stack trace, if any.
    pub detail: &'a str,
    /// Its named values; those in the text are found without being here.
    pub properties: Fields<'a>,
    /// `success` or `failure`, where the record itself says so.
    pub outcome: Option<bool>,
    /// What its format alone knows of such messages; asked where their meaning is wanted.
    pub more: Option<More>,
    /// What it means, where the format knows that better than the words of the message.
    pub action: Option<Action>,
}

/// Puts into a line what its message tells by the words of one kind of log.
///
/// Whether there is anything to tell must not depend on numbers: it is asked once a shape.
pub type More = for<'a> fn(&mut Line<'a>);

/// Whether a text speaks of logging on, sessions or connections.
pub fn is_about_access(text: &str) -> bool {
    TOPIC.is_match(text)
}

/// What a message says about access, and its signature, before anything is made of it.
pub(super) struct Class<'a> {
    /// How it went, if it speaks of access and says so.
    ending: Option<Action>,
    hit: Option<Hit>,
    user: Option<String>,
    is_grave: bool,
    /// Its named values.
    properties: Fields<'a>,
    /// The message with the reason and the head of the exception, where there are any.
    whole: Option<String>,
}

impl Class<'_> {
    /// What it means; nothing if it is of no use to the question.
    pub(super) fn action(&self) -> Option<Action> {
        match (self.ending, &self.user) {
            (Some(action @ (Action::Symptom | Action::ServiceState)), _) => Some(action),
            (Some(Action::Failure), Some(_)) => Some(Action::Failure),
            (Some(Action::Failure), None) if self.hit.is_some() || self.is_grave => Some(Action::Symptom),
            (Some(action), Some(_)) if action != Action::Failure => Some(action),
            _ if self.hit.is_some() => Some(Action::Symptom),
            _ if self.is_grave => Some(Action::Other),
            _ => None,
        }
    }

    /// Its signature in the catalog.
    pub(super) fn signature(&self) -> Option<Name> {
        self.hit.as_ref().map(|hit| Name::clone(&hit.id))
    }
}

/// Says what a message is about; nothing more than that it is irrelevant where that is plain.
pub(super) fn classify<'a>(line: &mut Line<'a>, context: &mut Context<'_>) -> Option<Class<'a>> {
    let gist = context.gists.gist(line);
    if let Some(more) = line.more.filter(|_| gist.tells_more) {
        more(line);
    }
    let is_about_access = line.outcome.is_some() || line.action.is_some() || gist.is_about_access;
    if !is_about_access && line.severity < Severity::Warn {
        return None;
    }
    let ending = match (line.action, line.outcome) {
        (Some(action), _) => Some(action),
        (None, Some(true)) => Some(Action::Success),
        (None, Some(false)) => Some(Action::Failure),
        (None, None) => gist.ending,
    };
    let mut properties = std::mem::take(&mut line.properties);
    if properties.is_empty() {
        properties = match &line.message {
            Cow::Borrowed(message) => property::pairs(message),
            Cow::Owned(message) => {
                property::pairs(message).into_iter().map(|(key, value)| (own(key), own(value))).collect()
            }
        };
    }
    // What a server says of itself names nobody: "waiting for connections".
    let is_of_server = line.action == Some(Action::ServiceState);
    let user = if is_of_server { None } else { user(&properties, &line.message, gist.names_user) };
    let whole = whole_text(&line.message, line.detail, &properties);
    let hit = if ending == Some(Action::Failure) || line.severity >= Severity::Warn {
        context.gists.signature(context.dataset, line.severity, whole.as_deref().unwrap_or(&line.message))
    } else {
        None
    };
    Some(Class { ending, hit, user, is_grave: line.severity >= Severity::Error, properties, whole })
}

fn own(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

/// Says what a message comes to: an event, or irrelevant.
pub fn understand(mut line: Line<'_>, context: &mut Context<'_>) -> LineOutcome {
    let (at, trust) = line.at;
    let time = (at, trust.unwrap_or(Trust::Stated));
    let class = classify(&mut line, context);
    let class = class.and_then(|class| {
        let mut is_kept = || line.severity == Severity::Warn && context.gists.keeps_warning(&line.message, at);
        Some((class.action().or_else(|| is_kept().then_some(Action::Other))?, class))
    });
    let Some((action, class)) = class else { return LineOutcome::Irrelevant(Some(at)) };
    let Class { hit, user, properties, whole, .. } = class;
    let whole = whole.as_deref().unwrap_or(&line.message);

    let mut event = context.event(time, action);
    event.severity = line.severity;
    event.provider = line.logger.filter(|logger| !logger.is_empty()).map(|logger| context.names.intern(logger));
    let names_user = user.is_some();
    event.user = user.map(|user| context.names.intern(&user));
    let host = target(&properties, &line.message, names_user).or_else(|| line.host.map(str::to_owned));
    if let Some(host) = host {
        event.host = Some(context.names.intern(&canonical_host(&host)));
        event.host_trust = Trust::Stated;
    }
    let client = property::first(&properties, Meaning::Client).map(without_port);
    let client = client.or_else(|| captured(&CLIENT, &line.message));
    event.client = client.map(|client| context.names.intern(client));
    event.session_id = property::first(&properties, Meaning::Session).and_then(|id| id.parse().ok());
    event.activity_id = property::first(&properties, Meaning::Activity).map(|id| context.names.intern(id));
    event.duration_ms = property::first(&properties, Meaning::DurationMs).and_then(milliseconds);
    if matches!(action, Action::Failure | Action::Symptom | Action::ServiceState | Action::Other) {
        let stated = property::first(&properties, Meaning::ErrorCode).filter(|code| code.len() <= 24);
        let code = stated.map(str::to_owned).or_else(|| captured(&ERROR_CODE, whole).map(str::to_owned));
        event.error_code = code.as_deref().map(|code| context.names.intern(code));
        event.message = Some(context.message(whole));
        let fallback_fault = fault_of(code.as_deref(), whole);
        match hit {
            Some(hit) => {
                event.signature = Some(hit.id);
                event.fault = Some(hit.fault);
            }
            None if action == Action::Failure => {
                let tail = code.as_deref().unwrap_or(NO_CODE).to_lowercase();
                event.signature = Some(context.names.intern(&format!("other-{}-{tail}", context.dataset)));
                event.fault = Some(fallback_fault);
            }
            None => {}
        }
    }
    LineOutcome::Event(Box::new(event))
}

fn user(properties: &[(Cow<'_, str>, Cow<'_, str>)], message: &str, names_user: bool) -> Option<String> {
    if let Some(user) = property::first(properties, Meaning::User) {
        return canonical_user(user);
    }
    if !names_user {
        return None;
    }
    let found = USER.captures_iter(message).find_map(|groups| {
        let name = groups.get(1).or_else(|| groups.get(2))?.as_str().trim_end_matches(['.', '-']);
        let is_word = NO_NAMES.contains(&name.to_lowercase().as_str());
        (!is_word && !name.is_empty() && name.parse::<std::net::IpAddr>().is_err()).then(|| name.to_owned())
    });
    canonical_user(&found?)
}

fn target(properties: &[(Cow<'_, str>, Cow<'_, str>)], message: &str, names_user: bool) -> Option<String> {
    let stated = property::first(properties, Meaning::Target).or_else(|| property::first(properties, Meaning::OwnHost));
    // A URL or a text with blanks is no host.
    if let Some(stated) = stated.filter(|host| host.len() <= 253 && !host.contains(['/', ' ', ':'])) {
        return Some(stated.to_owned());
    }
    // Without a user, a host in the text is as likely the database that did not answer.
    names_user.then(|| captured(&TARGET, message).map(str::to_owned)).flatten()
}

fn captured<'t>(pattern: &Regex, text: &'t str) -> Option<&'t str> {
    let groups = pattern.captures(text)?;
    groups.iter().skip(1).flatten().next().map(|group| group.as_str())
}

fn without_port(address: &str) -> &str {
    match address.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => address,
    }
}

/// `12`, `12ms`, `1.5 s`: milliseconds.
fn milliseconds(text: &str) -> Option<f64> {
    let number_len = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..number_len].parse().ok()?;
    let scale = match text[number_len..].trim() {
        "" | "ms" => 1.0,
        "s" | "sec" => 1_000.0,
        "us" | "\u{b5}s" => 0.001,
        "ns" => 0.000_001,
        _ => return None,
    };
    Some(number * scale)
}

/// The message, the reason where the text does not hold it, and the head of the exception.
fn whole_text(message: &str, detail: &str, properties: &[(Cow<'_, str>, Cow<'_, str>)]) -> Option<String> {
    // Mostly there is nothing to add, and nothing to write.
    let mut whole = Cow::Borrowed(message);
    for wanted in [Meaning::Reason, Meaning::ErrorCode] {
        if let Some(value) = property::first(properties, wanted)
            && !whole.contains(value)
        {
            let whole = whole.to_mut();
            whole.push(' ');
            whole.push_str(value);
        }
    }
    // The frames of a stack trace name code, not what went wrong. In Python's, what is indented is frames and code, and
    // the exception is the last line.
    let is_python = detail.contains(PYTHON_TRACE);
    let n_lines = if is_python { usize::MAX } else { 40 };
    let says = |line: &&str| {
        if is_python {
            !line.starts_with([' ', '\t']) && !line.starts_with(PYTHON_TRACE) && !line.is_empty()
        } else {
            is_exception_head(line)
        }
    };
    for line in detail.lines().take(n_lines).filter(says).take(40) {
        let whole = whole.to_mut();
        whole.push('\n');
        whole.push_str(line.trim());
    }
    if let Cow::Owned(whole) = whole { Some(whole) } else { None }
}

/// Whether a line of a trace says what went wrong, rather than where: frames begin with `at`, which
/// .NET translates (`bei`, `à`, `en`, `в`).
fn is_exception_head(line: &str) -> bool {
    let bare = line.trim_start();
    let is_frame = bare.len() != line.len()
        && ["at ", "bei ", "\u{e0} ", "en ", "\u{432} ", "in ", "... ", "File ", "--- "]
            .iter()
            .any(|begin| bare.starts_with(begin));
    !is_frame && !bare.is_empty()
}

/// Whose fault, where no signature says it: by the code, else by the words.
///
/// Codes: Win32 1326 to 1331, 1793, 1907 and 1909 are about the account (winerror.h), as are their
/// HRESULTs `0x8007xxxx`, the HTTP status 401, MySQL's 1045 and PostgreSQL's 28P01; 403 is a rule's.
fn fault_of(code: Option<&str>, text: &str) -> Fault {
    let number = code.and_then(|code| match code.strip_prefix("0x").or_else(|| code.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => code.parse().ok(),
    });
    let win32 = number.map(|number| if number >> 16 == 0x8007 { number & 0xffff } else { number });
    match win32 {
        _ if code == Some("28P01") => return Fault::User,
        Some(401 | 1045 | 1326..=1331 | 1793 | 1907 | 1909) => return Fault::User,
        Some(403 | 1385) => return Fault::Policy,
        _ => {}
    }
    let lower = text.to_lowercase();
    let about_account = [
        "bad password",
        "wrong password",
        "invalid password",
        "incorrect password",
        "locked out",
        "bad credentials",
        "invalid credentials",
        "kennwort",
        "mot de passe",
    ];
    if about_account.iter().any(|words| lower.contains(words)) { Fault::User } else { Fault::Unclear }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Names, Position, Provenance, SourceId};
    use crate::normalize::clock::{Clock, ZoneRule};

    fn means(severity: Severity, message: &str) -> String {
        let mut clock = Clock::new(ZoneRule::UTC, Trust::Stated);
        let (mut names, mut gists) = (Names::new(), Gists::default());
        let provenance = Provenance { source: SourceId(0), position: Position::Line(1) };
        let mut context =
            Context { clock: &mut clock, names: &mut names, gists: &mut gists, provenance, dataset: "app" };
        let line = Line { severity, message: message.into(), ..Line::default() };
        match understand(line, &mut context) {
            LineOutcome::Event(e) => format!(
                "{:?} {} {} {}",
                e.action,
                e.user.as_deref().unwrap_or("-"),
                e.host.as_deref().unwrap_or("-"),
                e.error_code.as_deref().unwrap_or("-")
            ),
            other => other.summary(),
        }
    }

    #[test]
    fn codes_of_databases_for_a_wrong_password_are_the_users_own() {
        for (code, fault) in [("28P01", Fault::User), ("1045", Fault::User), ("53300", Fault::Unclear)] {
            assert_eq!(fault_of(Some(code), "refused"), fault, "{code}");
        }
    }

    #[test]
    fn the_last_line_of_a_trace_of_python_is_what_went_wrong() {
        let frames = "  File \"login.py\", line 7, in open\n    connect(host)\n".repeat(60);
        let detail = format!("Traceback (most recent call last):\n{frames}TimeoutError: timed out");
        let whole = whole_text("login failed", &detail, &[]);
        assert_eq!(whole.as_deref(), Some("login failed\nTimeoutError: timed out"));
    }

    #[test]
    fn messages_mean_what_they_say() {
        use Severity::{Debug, Error, Info, Warn};
        let irrelevant = "irrelevant 1970-01-01T00:00:00Z";
        for (severity, message, wanted) in [
            (
                Info,
                "Session established user=CORP\\user001 target=rds-02 session=3 elapsed=812ms",
                "Success user001 RDS-02 -",
            ),
            (Info, "Login request user=user001@corp.example client=10.0.0.9 target=RDS02", "Attempt user001 RDS02 -"),
            (
                Error,
                "Login failed user=user001 target=RDS02 code=1909 reason=\"locked out\"",
                "Failure user001 RDS02 1909",
            ),
            (Info, "User user001 logged on to RDS02", "Success user001 RDS02 -"),
            (Warn, "User 'user001' could not be logged on to RDS02: timeout", "Failure user001 RDS02 -"),
            (Info, "Session 4 established for user001 on RDS02 in 77 ms", "Success user001 RDS02 -"),
            (Info, "Login attempted by user 'admin7' from host '192.168.1.10'", "Attempt admin7 - -"),
            (Info, "Accepted password for user001 from 10.0.0.1 port 22", "Success user001 - -"),
            (Info, "Failed password for user001 from 10.0.0.1 port 22", "Failure user001 - -"),
            (Info, "logged on after 2 failed attempts user=user001", "Success user001 - -"),
            (Info, "user001 logged off, user=user001", "SessionEnd user001 - -"),
            (Info, "Anmeldung erfolgreich, Benutzer user001 auf RDS02", "Success user001 RDS02 -"),
            (Debug, "connection pool size 719", irrelevant),
            (Info, "sync finished with 0 errors, session cache warm", irrelevant),
            (Warn, "smtp relay slow: 1069 ms", "Other - - -"),
            (Info, "smtp relay slow: 1069 ms", irrelevant),
            (Error, "disk quota for report export exceeded", "Other - - -"),
            (Error, "Cannot connect to database server db1: error 10060", "Symptom - - 10060"),
        ] {
            assert_eq!(means(severity, message), wanted, "{message}");
        }
    }

    #[test]
    fn accounts_are_to_blame_for_refused_passwords_only() {
        assert_eq!(fault_of(Some("1326"), ""), Fault::User);
        assert_eq!(fault_of(Some("0x8007052e"), ""), Fault::User);
        assert_eq!(fault_of(Some("0x8007000E"), "user profile could not be loaded"), Fault::Unclear);
        assert_eq!(fault_of(None, "Account locked out"), Fault::User);
    }
}
