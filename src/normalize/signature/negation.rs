//! Words that name a failure and deny it.
//!
//! `0 errors`, `no timeouts`, `failover completed` and `retry succeeded` hold the words of failures
//! and tell of health. Such phrases are blanked out before the signatures look; a message that says
//! the trouble is over counts as none unless its own level is an error.

use std::sync::LazyLock;

use regex::Regex;

use crate::model::Severity;

/// What a service calls things that go wrong.
const TROUBLE: &str = "errors?|fail(?:ed|ures?)?|exceptions?|time-?outs?|timed out|refused|rejected|dropped|retries|faults?|resets?|losses|lost|denied|warnings?";

/// Phrases that hold the words of a failure and are none.
static DENIED: LazyLock<Regex> = LazyLock::new(|| {
    let counted = format!(r"\b(?:0|no|zero|without(?: any)?|never|not any)[ =:]+(?:\w+ )?(?:{TROUBLE})\b");
    let assigned = format!(
        r"\b(?:{TROUBLE})(?:[_ ]?(?:count|rate|total|code))?\s*[=:]\s*(?:0+(?:\.0+)?%?\b|(?:none|null|false|no)\s*(?:$|[,;)}}\]|]))"
    );
    let compound = r"\bfail-?over\b|\bfail-?back\b|\bfail-?safe\b|\bfail-?fast\b|\berror[- ]handl(?:er|ing)\b|\berror[- ]pages?\b|\berror[- ]report(?:ing|s)\b";
    let setting = r#"\b(?:time-?out|retry|retries)"?\s*(?:(?:is|was)? ?set to|=|:|of)\s*"?\d+ ?(?:ms|s|sec|seconds|minutes|min)?"?(?:\s|[,;)}\].]|$)"#;
    Regex::new(&format!("{counted}|{assigned}|{compound}|{setting}")).expect("the expression is well formed")
});

/// Messages that say the trouble is over.
static OVER: LazyLock<Regex> = LazyLock::new(|| {
    let words = [
        r"\bretry (?:\S+ )?succeeded\b",
        r"\bsucceeded (?:after|on|at) (?:\S+ )?(?:attempt|retry|retries|try|tries|\d+)",
        r"\bsuccessful(?:ly)? (?:after|on) (?:\S+ )?(?:attempt|retry|retries|\d+)",
        r"\b(?:recovered|recovery completed)\b",
        r"\b(?:connection|connectivity|session|service|link) (?:\S+ )?(?:restored|re-?established|resumed)\b",
        r"\breconnected\b",
        r"\bback (?:online|to normal)\b",
    ];
    Regex::new(&words.join("|")).expect("the expression is well formed")
});

/// Returns a message in lower case with what it denies blanked out; `None` if it says that all is well again.
pub(crate) fn affirmed(message: &str, severity: Severity) -> Option<String> {
    let lower = lower(message);
    if severity < Severity::Error && OVER.is_match(&lower) {
        return None;
    }
    Some(match DENIED.replace_all(&lower, " ") {
        std::borrow::Cow::Borrowed(_) => lower,
        std::borrow::Cow::Owned(blanked) => blanked,
    })
}

/// The beginning of a message in lower case; what a message is about stands in its first kilobytes.
fn lower(message: &str) -> String {
    const MOST_BYTES: usize = 8 << 10;
    let mut end = message.len().min(MOST_BYTES);
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    message[..end].to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_denied_is_blanked_and_what_is_said_stays() {
        for denied in [
            "done, 0 errors",
            "finished with no timeouts",
            "errors=0",
            "timeout=30",
            "Failover completed",
            "error_count: 0",
        ] {
            let text = affirmed(denied, Severity::Warn).unwrap();
            assert!(["error", "timeout", "fail"].iter().all(|word| !text.contains(word)), "{denied}: {text}");
        }
        for said in ["10 errors", "request timeout after 30 s", "errors=3", "failed to connect"] {
            assert_eq!(affirmed(said, Severity::Warn).as_deref(), Some(said), "{said}");
        }
    }

    #[test]
    fn trouble_that_is_over_counts_only_at_the_level_of_an_error() {
        let message = "connection refused, retry succeeded";
        assert_eq!(affirmed(message, Severity::Warn), None);
        assert!(affirmed(message, Severity::Error).is_some());
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        assert!(affirmed(&"ü".repeat(9_000), Severity::Info).unwrap().len() <= 8 << 10);
    }
}
