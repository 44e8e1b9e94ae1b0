//! What a message of an application means for people who want to connect.
//!
//! A message counts where it speaks of logging on, sessions or connections and says how that went; the
//! words are those that loggers of any vendor use, in English, German and French. Which failure it is,
//! the catalog of signatures says. All other messages are irrelevant unless they are errors.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::format::{Context, LineOutcome};
use super::property::{self, Meaning};
use super::signature::Signatures;
use crate::model::identity::{canonical_host, canonical_user};
use crate::model::{Action, Fault, Severity, Timestamp, Trust};
use crate::read::Fields;

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
    /// Exception and stack trace, if any.
    pub detail: &'a str,
    /// Its named values; those in the text are found without being here.
    pub properties: Fields<'a>,
    /// `success` or `failure`, where the record itself says so.
    pub outcome: Option<bool>,
}

static TOPIC: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)log[ -]?(?:on|in|off|out)|logged|sign(?:ed|ing)?[ -]?(?:in|on|out|off)|session|authenti|credential|password|connect|user profile|anmeld|abgemeld|angemeld|kennwort|verbind|connexion|mot de passe|ouverture",
    )
});
static SUCCESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\bsession\b.{0,60}\b(?:established|opened|created|started|granted)\b|\b(?:established|opened|created) (?:a |new )*session|\blogged[ -](?:in|on)\b|\bsigned[ -](?:in|on)\b|\b(?:log[ -]?[io]n|sign[ -]?in|authentication|authorization)\b.{0,20}\b(?:ok|succe\w+|accepted|granted)\b|\bsuccessful(?:ly)? (?:log|auth|sign|connect)\w*|\bconnection (?:established|opened|authorized)\b|\bconnected to\b|\baccepted \S+ for\b|erfolgreich (?:an|ver)\w+|anmeldung erfolgreich|connexion r.ussie|session ouverte",
    )
});
static FAILURE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\bfail(?:ed|ure|s)?\b|\b(?:could not|couldn't|cannot|can't|unable to|not possible)\b|\b(?:refused|rejected|denied|invalid|aborted|dropped)\b|\btim(?:ed?|e)[ -]?out\b|\block(?:ed)? out\b|\bexpired\b|exhausted|\btoo many\b|unreachable|unavailable|exception|\berror\b|fehlgeschlagen|nicht m.glich|verweigert|abgelehnt|gescheitert|.chou.|.chec\b|refus.e?\b|impossible",
    )
});
static HARMLESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:0|no|without) (?:errors?|failures?|exceptions?)\b|\berrors?=0\b|\bfailover\b|\bretr\w+\b.{0,60}\bsucceeded\b",
    )
});
static ATTEMPT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:log[ -]?[io]n|sign[ -]?in|session|connection|authentication) (?:request|attempt)\w*|\b(?:attempting|trying) to (?:log|sign|connect|open)|\bconnecting to\b|\bopening (?:a )?(?:connection|session)\b|anmeldeversuch|tentative de connexion",
    )
});
static END: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:logged|signed)[ -]?(?:off|out)\b|\bsession\b.{0,60}\b(?:ended|closed|terminated|destroyed|disconnected)\b|abgemeldet|d.connect.\b",
    )
});
static USER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i)\b(?:(?:user(?:name)?|account|benutzer|utilisateur|compte)\b\s*[:=]?|login\s*[:=])\s*['"‘“«]?\s?([\pL0-9][\w.$@\\-]*)|\b(?:for|f.r|pour)\s+(?:user\s+)?['"]?([\pL0-9][\w.$@\\-]*)['"]?(?:\s+(?:on|from|at|to|via|auf|von|sur|depuis)\b|\s*[:,;]|\.?$)"#,
    )
});
static TARGET: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"(?i)\b(?:on|to|at|host|server|auf|sur)\s+(?:host\s+|server\s+)?['"]?([a-z][\w-]*\d[\w-]*)"#)
});
static CLIENT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?i)\b(?:from|client|ip|host|von|depuis)[ =:]+['"\[]?(\d{1,3}(?:\.\d{1,3}){3})\b"#));
static ERROR_CODE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\b(0x[0-9a-f]{8})\b|\b(?:code|error|fehler|erreur|win32exception)[ =:#]*\(?(\d{1,10})\b")
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of this file is well formed")
}

/// Words that follow `user` or `for` and are no names.
const NO_NAMES: &[&str] = &[
    "failed",
    "failure",
    "fails",
    "request",
    "requested",
    "attempt",
    "attempted",
    "for",
    "from",
    "to",
    "on",
    "in",
    "at",
    "was",
    "is",
    "has",
    "not",
    "and",
    "or",
    "profile",
    "session",
    "sessions",
    "name",
    "id",
    "with",
    "succeeded",
    "successful",
    "error",
    "ok",
    "by",
    "the",
    "a",
    "an",
    "could",
    "cannot",
    "logged",
    "signed",
    "does",
    "service",
    "server",
    "timeout",
    "this",
    "all",
    "user",
    "users",
    "account",
    "login",
    "password",
    "data",
    "it",
    "none",
    "null",
    "unknown",
    "credentials",
    "authentication",
    "der",
    "die",
    "das",
    "le",
    "la",
    "de",
];

/// Whether a text speaks of logging on, sessions or connections.
pub fn is_about_access(text: &str) -> bool {
    TOPIC.is_match(text)
}

/// Says what a message comes to: an event, or irrelevant.
pub fn understand(line: Line<'_>, context: &mut Context<'_>) -> LineOutcome {
    let (at, trust) = line.at;
    let time = (at, trust.unwrap_or(Trust::Stated));
    let on_topic = line.outcome.is_some() || TOPIC.is_match(&line.message) || TOPIC.is_match(line.detail);
    let grave = line.severity >= Severity::Error;
    if !on_topic && line.severity < Severity::Warn {
        return LineOutcome::Irrelevant(Some(at));
    }
    let mut properties = line.properties;
    if properties.is_empty() {
        properties = property::pairs(&line.message);
    }
    let ending = on_topic.then(|| outcome(line.outcome, line.severity, &line.message, line.detail)).flatten();
    let user = user(&properties, &line.message);
    let whole = whole_text(&line.message, line.detail, &properties);
    let hit = if ending == Some(Action::Failure) || line.severity >= Severity::Warn {
        Signatures::embedded().classify_text(context.dataset, line.severity, &whole)
    } else {
        None
    };
    let action = match (ending, &user) {
        (Some(Action::Failure), Some(_)) => Action::Failure,
        (Some(Action::Failure), None) if hit.is_some() || grave => Action::Symptom,
        (Some(action), Some(_)) if action != Action::Failure => action,
        _ if hit.is_some() => Action::Symptom,
        _ if grave => Action::Other,
        _ => return LineOutcome::Irrelevant(Some(at)),
    };

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
    if matches!(action, Action::Failure | Action::Symptom | Action::Other) {
        let stated = property::first(&properties, Meaning::ErrorCode).filter(|code| code.len() <= 24);
        let code = stated.map(str::to_owned).or_else(|| captured(&ERROR_CODE, &whole).map(str::to_owned));
        event.error_code = code.as_deref().map(|code| context.names.intern(code));
        event.message = Some(context.message(&whole));
        let fallback_fault = fault_of(code.as_deref(), &whole);
        match hit {
            Some(hit) => {
                event.signature = Some(hit.id);
                event.fault = Some(hit.fault);
            }
            None if action == Action::Failure => {
                let tail = code.as_deref().unwrap_or("no-code").to_lowercase();
                event.signature = Some(context.names.intern(&format!("other-{}-{tail}", context.dataset)));
                event.fault = Some(fallback_fault);
            }
            None => {}
        }
    }
    LineOutcome::Event(Box::new(event))
}

/// How it went, by the record's own word or by the words of the message.
fn outcome(stated: Option<bool>, severity: Severity, message: &str, detail: &str) -> Option<Action> {
    match stated {
        Some(true) => return Some(Action::Success),
        Some(false) => return Some(Action::Failure),
        None => {}
    }
    let success = SUCCESS.find(message);
    let failure = FAILURE.find(message).filter(|_| !HARMLESS.is_match(message));
    match (success, failure) {
        // "could not be logged on" fails, "logged on after 2 failed attempts" does not.
        (Some(good), Some(bad)) if bad.start() < good.start() || severity >= Severity::Warn => {
            return Some(Action::Failure);
        }
        (Some(_), _) => return Some(Action::Success),
        (None, Some(_)) => return Some(Action::Failure),
        (None, None) => {}
    }
    if severity >= Severity::Error && !detail.is_empty() {
        return Some(Action::Failure);
    }
    if END.is_match(message) {
        return Some(Action::SessionEnd);
    }
    ATTEMPT.is_match(message).then_some(Action::Attempt)
}

fn user(properties: &[(Cow<'_, str>, Cow<'_, str>)], message: &str) -> Option<String> {
    if let Some(user) = property::first(properties, Meaning::User) {
        return canonical_user(user);
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
fn whole_text(message: &str, detail: &str, properties: &[(Cow<'_, str>, Cow<'_, str>)]) -> String {
    let mut whole = message.to_owned();
    for wanted in [Meaning::Reason, Meaning::ErrorCode] {
        if let Some(value) = property::first(properties, wanted)
            && !whole.contains(value)
        {
            whole.push(' ');
            whole.push_str(value);
        }
    }
    // The frames of a stack trace name code, not what went wrong.
    for line in detail.lines().take(40).filter(|line| is_exception_head(line)) {
        whole.push('\n');
        whole.push_str(line.trim());
    }
    whole
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
/// HRESULTs `0x8007xxxx` and the HTTP status 401; 403 is a rule's.
fn fault_of(code: Option<&str>, text: &str) -> Fault {
    let number = code.and_then(|code| match code.strip_prefix("0x").or_else(|| code.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => code.parse().ok(),
    });
    let win32 = number.map(|number| if number >> 16 == 0x8007 { number & 0xffff } else { number });
    match win32 {
        Some(401 | 1326..=1331 | 1793 | 1907 | 1909) => return Fault::User,
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
        let mut names = Names::new();
        let provenance = Provenance { source: SourceId(0), position: Position::Line(1) };
        let mut context = Context { clock: &mut clock, names: &mut names, provenance, dataset: "app" };
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
            (Warn, "smtp relay slow: 1069 ms", irrelevant),
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
