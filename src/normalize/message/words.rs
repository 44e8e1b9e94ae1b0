//! The words by which messages speak of logging on, in English, German and French.

use std::sync::LazyLock;

use regex::Regex;

pub(super) static TOPIC: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)log[ -]?(?:on|in|off|out)|logged|sign(?:ed|ing)?[ -]?(?:in|on|out|off)|session|authenti|credential|password|connect|user profile|anmeld|abgemeld|angemeld|kennwort|verbind|connexion|mot de passe|ouverture",
    )
});
pub(super) static SUCCESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\bsession\b.{0,60}\b(?:established|opened|created|started|granted)\b|\b(?:established|opened|created) (?:a |new )*session|\blogged[ -](?:in|on)\b|\bsigned[ -](?:in|on)\b|\b(?:log[ -]?[io]n|sign[ -]?in|authentication|authorization)\b.{0,20}\b(?:ok|succe\w+|accepted|granted)\b|\bsuccessful(?:ly)? (?:log|auth|sign|connect)\w*|\bconnection (?:established|opened|authorized)\b|\bconnected to\b|\baccepted \S+ for\b|erfolgreich (?:an|ver)\w+|anmeldung erfolgreich|connexion r.ussie|session ouverte",
    )
});
pub(super) static FAILURE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\bfail(?:ed|ure|s)?\b|\b(?:could not|couldn't|cannot|can't|unable to|not possible)\b|\b(?:refused|rejected|denied|invalid|aborted|dropped)\b|\btim(?:ed?|e)[ -]?out\b|\block(?:ed)? out\b|\bexpired\b|exhausted|\btoo many\b|unreachable|unavailable|exception|\berror\b|fehlgeschlagen|nicht m.glich|verweigert|abgelehnt|gescheitert|.chou.|.chec\b|refus.e?\b|impossible",
    )
});
pub(super) static HARMLESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:0|no|without) (?:errors?|failures?|exceptions?)\b|\berrors?=0\b|\bfailover\b|\bretr\w+\b.{0,60}\bsucceeded\b",
    )
});
pub(super) static ATTEMPT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:log[ -]?[io]n|sign[ -]?in|session|connection|authentication) (?:request|attempt)\w*|\b(?:attempting|trying) to (?:log|sign|connect|open)|\bconnecting to\b|\bopening (?:a )?(?:connection|session)\b|anmeldeversuch|tentative de connexion",
    )
});
pub(super) static END: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:logged|signed)[ -]?(?:off|out)\b|\bsession\b.{0,60}\b(?:ended|closed|terminated|destroyed|disconnected)\b|abgemeldet|d.connect.\b",
    )
});
pub(super) static USER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i)\b(?:(?:user(?:name)?|account|benutzer|utilisateur|compte)\b\s*[:=]?|login\s*[:=])\s*['"‘“«]?\s?([\pL0-9][\w.$@\\-]*)|\b(?:for|f.r|pour)\s+(?:user\s+)?['"]?([\pL0-9][\w.$@\\-]*)['"]?(?:\s+(?:on|from|at|to|via|auf|von|sur|depuis)\b|\s*[:,;]|\.?$)"#,
    )
});
pub(super) static TARGET: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"(?i)\b(?:on|to|at|host|server|auf|sur)\s+(?:host\s+|server\s+)?['"]?([a-z][\w-]*\d[\w-]*)"#)
});
pub(super) static CLIENT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?i)\b(?:from|client|ip|host|von|depuis)[ =:]+['"\[]?(\d{1,3}(?:\.\d{1,3}){3})\b"#));
pub(super) static ERROR_CODE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)\b(0x[0-9a-f]{8})\b|\b(?:code|error|fehler|erreur|win32exception)[ =:#]*\(?(\d{1,10})\b")
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern of this file is well formed")
}

/// Words that follow `user` or `for` and are no names.
pub(super) const NO_NAMES: &[&str] = &[
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
    "unauthenticated",
    "credentials",
    "authentication",
    "der",
    "die",
    "das",
    "le",
    "la",
    "de",
];
