//! Tries the signatures on texts and says which fit, and which nearly do and why not.

use super::classify::Signatures;
use super::negation::affirmed;
use super::rule::{Match, Signature};
use crate::model::{Event, Severity};

/// The one condition that kept a signature from fitting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case", tag = "condition", content = "of")]
pub enum Failed {
    /// The error code is none of the signature's.
    ErrorCode(Option<String>),
    /// None of the words stands in the text.
    NoWords,
    /// A word that the signature excludes stands in the text.
    ExcludedWords(String),
    /// The words are there, and the expression behind them does not fit.
    Expression,
    /// The words are there, and the text denies them (`0 errors`) or says that all is well again.
    Denied,
    /// The level of the message is below the one at which the words count.
    Severity,
}

/// A signature that nearly fits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct NearMiss {
    /// Its id.
    pub signature: String,
    /// What kept it.
    pub failed: Failed,
}

/// What the signatures say of one event or text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trial {
    /// The signature that fits.
    pub hit: Option<String>,
    /// Those that fail at one condition.
    pub near: Vec<NearMiss>,
}

/// Tries the signatures on an event: its own signature, where the catalog has it, else what nearly fits.
pub fn try_out(signatures: &Signatures, event: &Event) -> Trial {
    let known = event.signature.as_deref().filter(|id| signatures.get(id).is_some());
    if let Some(id) = known {
        return Trial { hit: Some(id.to_owned()), near: Vec::new() };
    }
    match (event.provider.as_deref(), event.code) {
        (Some(provider), Some(code)) if &*event.dataset == "windows" => {
            signatures.try_windows(provider, code, event.error_code.as_deref(), event.message.as_deref())
        }
        _ => signatures.try_text(&event.dataset, event.severity, event.message.as_deref().unwrap_or_default()),
    }
}

impl Signatures {
    /// Says which signatures are about a Windows event and fail at its code or its words.
    fn try_windows(&self, provider: &str, code: u32, error: Option<&str>, text: Option<&str>) -> Trial {
        let text = text.unwrap_or_default().to_lowercase();
        let about = self.about_provider(provider).filter(|(_, one)| one.is_about(provider, code));
        let near = about.filter_map(|(signature, one)| {
            let failed = match (one.takes_error(error), failed_words(one, &text)) {
                (false, None) => Failed::ErrorCode(error.map(str::to_owned)),
                (true, Some(failed)) => failed,
                // Two conditions at once are no near miss; none at all means that its data did not fit.
                (false, Some(_)) | (true, None) => return None,
            };
            Some(near_miss(signature, failed))
        });
        Trial { hit: None, near: sorted(near.collect()) }
    }

    /// Tries the signatures on a line of text: the one that fits, else those that nearly do.
    pub fn try_text(&self, dataset: &str, severity: Severity, message: &str) -> Trial {
        if let Some(hit) = self.classify_text(dataset, severity, message) {
            return Trial { hit: Some(hit.id.to_string()), near: Vec::new() };
        }
        let (said, affirmed) = (message.to_lowercase(), affirmed(message, severity).unwrap_or_default());
        let about = self.about_texts().filter(|(_, one)| one.is_about_text(dataset));
        let near = about.filter_map(|(signature, one)| {
            let is_loud = severity >= one.severity.unwrap_or(Severity::Warn);
            let failed = match (failed_words(one, &said), failed_words(one, &affirmed)) {
                // Words of which none occurs make no near miss: every text would be one.
                (Some(Failed::NoWords), _) => return None,
                (Some(_), _) if !is_loud => return None,
                (Some(failed), _) => failed,
                (None, Some(_)) => Failed::Denied,
                (None, None) => Failed::Severity,
            };
            Some(near_miss(signature, failed))
        });
        Trial { hit: None, near: sorted(near.collect()) }
    }
}

fn failed_words(one: &Match, text: &str) -> Option<Failed> {
    if !one.contains.is_empty() && !one.contains.iter().any(|words| text.contains(words.as_str())) {
        return Some(Failed::NoWords);
    }
    if let Some(words) = one.lacks.iter().find(|words| text.contains(words.as_str())) {
        return Some(Failed::ExcludedWords(words.clone()));
    }
    one.regex.as_ref().is_some_and(|regex| !regex.is_match(text)).then_some(Failed::Expression)
}

fn near_miss(signature: &Signature, failed: Failed) -> NearMiss {
    NearMiss { signature: signature.id.clone(), failed }
}

fn sorted(mut near: Vec<NearMiss>) -> Vec<NearMiss> {
    near.sort();
    near.dedup();
    near
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(severity: Severity, message: &str) -> Trial {
        Signatures::embedded().try_text("app", severity, message)
    }

    fn misses(trial: &Trial, id: &str) -> Option<Failed> {
        trial.near.iter().find(|near| near.signature == id).map(|near| near.failed.clone())
    }

    #[test]
    fn what_fits_has_no_near_misses() {
        let trial = text(Severity::Error, "connect ECONNREFUSED 10.1.2.3:1433");
        assert_eq!((trial.hit.as_deref(), trial.near.len()), (Some("connection-refused"), 0));
    }

    #[test]
    fn a_near_miss_names_the_condition_that_failed() {
        let denied = text(Severity::Warn, "connection refused, retry succeeded");
        assert_eq!(misses(&denied, "connection-refused"), Some(Failed::Denied));
        let quiet = text(Severity::Info, "connection refused by the host");
        assert_eq!(misses(&quiet, "connection-refused"), Some(Failed::Severity));
        let excluded = text(Severity::Warn, "closed after idle timeout");
        assert_eq!(misses(&excluded, "connection-timed-out"), Some(Failed::ExcludedWords("idle timeout".to_owned())));
        let expression = text(Severity::Warn, "request 10061 done");
        assert_eq!(misses(&expression, "connection-refused"), Some(Failed::Expression));
        assert_eq!(text(Severity::Error, "all is well"), Trial::default());
    }

    #[test]
    fn a_code_that_no_signature_has_is_a_near_miss_of_those_for_the_event() {
        let logon = "Microsoft-Windows-Security-Auditing";
        let trial = Signatures::embedded().try_windows(logon, 4771, Some("0x99"), None);
        assert_eq!(misses(&trial, "logon-wrong-password"), Some(Failed::ErrorCode(Some("0x99".to_owned()))));
        assert_eq!(misses(&trial, "nps-access-denied"), None);
    }
}
