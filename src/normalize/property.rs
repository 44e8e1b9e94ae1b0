//! The named values of a message: from structured logs, or `key=value` in text.
//!
//! Every logger invents its own keys. What a key means is settled here, once, by synonyms.

use std::borrow::Cow;

use crate::read::Fields;

/// What a named value tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The account.
    User,
    /// The host that was to be reached.
    Target,
    /// The host that wrote the record.
    OwnHost,
    /// The client's address.
    Client,
    /// The number of the Windows session.
    Session,
    /// The error code.
    ErrorCode,
    /// Why it failed, in words.
    Reason,
    /// How long it lasted, in milliseconds.
    DurationMs,
    /// The id that joins the records of one connection.
    Activity,
}

/// `elapsedmilliseconds`.
const LONGEST_KEY: usize = 19;

/// What a key means, whatever its case and separators.
pub fn meaning(key: &str) -> Option<Meaning> {
    // Asked for each value of each message: no memory is taken.
    let mut bare = [0; LONGEST_KEY];
    let mut len = 0;
    for byte in key.bytes().filter(u8::is_ascii_alphanumeric) {
        *bare.get_mut(len)? = byte.to_ascii_lowercase();
        len += 1;
    }
    let meaning = match str::from_utf8(&bare[..len]).ok()? {
        "user" | "username" | "usr" | "login" | "loginname" | "account" | "accountname" | "upn" | "samaccountname"
        | "principal" | "subject" | "benutzer" | "benutzername" | "utilisateur" | "utente" => Meaning::User,
        "target" | "targethost" | "targetserver" | "targetname" | "sessionhost" | "rdhost" | "destination"
        | "destinationhost" | "desthost" | "server" | "servername" | "backend" | "zielserver" | "serveur" => {
            Meaning::Target
        }
        "host" | "hostname" | "machinename" | "machine" | "computer" | "computername" | "node" => Meaning::OwnHost,
        "client" | "clientip" | "clientaddress" | "clientaddr" | "remoteip" | "remoteaddr" | "remoteaddress" | "ip"
        | "ipaddress" | "sourceip" | "srcip" | "src" | "peer" => Meaning::Client,
        "session" | "sessionid" | "sid" => Meaning::Session,
        "code" | "errorcode" | "errcode" | "hresult" | "win32" | "win32error" | "ntstatus" | "status"
        | "statuscode" => Meaning::ErrorCode,
        "reason" | "error" | "err" | "cause" | "errormessage" | "grund" | "raison" => Meaning::Reason,
        "elapsed"
        | "elapsedms"
        | "elapsedmilliseconds"
        | "durationms"
        | "duration"
        | "took"
        | "tookms"
        | "latencyms" => Meaning::DurationMs,
        "cid" | "correlationid" | "correlation" | "requestid" | "reqid" | "traceid" | "activityid" | "connectionid" => {
            Meaning::Activity
        }
        _ => return None,
    };
    Some(meaning)
}

/// Returns the first value with that meaning that is not empty.
pub fn first<'p>(properties: &'p [(Cow<'_, str>, Cow<'_, str>)], wanted: Meaning) -> Option<&'p str> {
    properties
        .iter()
        .find(|(key, value)| meaning(key) == Some(wanted) && !matches!(&**value, "" | "-" | "null" | "None"))
        .map(|(_, value)| &**value)
}

/// Reads `key=value` and `key="quoted value"` out of a text.
pub fn pairs(text: &str) -> Fields<'_> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'=', &bytes[from..]).map(|at| from + at) {
        let key_len = bytes[from..at]
            .iter()
            .rev()
            .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'@'))
            .count();
        let key = &text[at - key_len..at];
        let rest = &text[at + 1..];
        let (value, next) = if let Some(quote @ (b'"' | b'\'')) = rest.as_bytes().first() {
            quoted(rest, *quote)
        } else {
            let len = rest.find([' ', '\t', '\n', '\r', ',', ';', '|', '&']).unwrap_or(rest.len());
            (Cow::Borrowed(rest[..len].trim_end_matches([')', ']', '}'])), len)
        };
        if key_len > 0 && !rest.starts_with('=') {
            found.push((Cow::Borrowed(key), value));
        }
        from = at + 1 + next;
    }
    found
}

/// Reads a quoted value with backslash escapes; returns it and where the text goes on.
fn quoted(rest: &str, quote: u8) -> (Cow<'_, str>, usize) {
    if let Some(end) = memchr::memchr2(b'\\', quote, &rest.as_bytes()[1..]).map(|at| at + 1)
        && rest.as_bytes()[end] == quote
    {
        return (Cow::Borrowed(&rest[1..end]), end + 1);
    }
    let mut value = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, escaped @ ('"' | '\'' | '\\'))) => value.push(escaped),
                Some((_, 'n')) => value.push('\n'),
                // A Windows path or `DOMAIN\user`: the backslash stands for itself.
                Some((_, other)) => value.extend(['\\', other]),
                None => value.push('\\'),
            },
            c if c as u32 == u32::from(quote) => return (Cow::Owned(value), at + 1),
            c => value.push(c),
        }
    }
    (Cow::Owned(value), rest.len())
}

/// Returns the value of the first of these keys, compared without regard to case.
pub fn value_of<'a>(flat: &'a [(Cow<'_, str>, Cow<'_, str>)], keys: &[&str]) -> Option<&'a str> {
    keys.iter()
        .find_map(|wanted| flat.iter().find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, value)| &**value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read_with_and_without_quotes() {
        let text =
            r#"Login failed user=CORP\user001 client=10.0.0.1 code=1909 reason="locked \"out\"" (id=7) a==b, x=y"#;
        let found = pairs(text);
        assert_eq!(first(&found, Meaning::User), Some("CORP\\user001"));
        assert_eq!(first(&found, Meaning::Client), Some("10.0.0.1"));
        assert_eq!(first(&found, Meaning::Reason), Some("locked \"out\""));
        assert_eq!(value_of(&found, &["id"]), Some("7"));
        assert_eq!(value_of(&found, &["X"]), Some("y"));
    }

    proptest::proptest! {
        #[test]
        fn any_text_at_all_is_survived(text in "\\PC{0,60}") {
            let _ = pairs(&text);
        }

        #[test]
        fn near_pairs_are_survived(text in "[a-z=\"'\\\\ é,]{0,40}") {
            let _ = pairs(&text);
        }
    }
}
