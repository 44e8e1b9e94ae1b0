//! Tries the signatures on texts and says which fit, and which nearly do and why not.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::classify::Signatures;
use super::negation::affirmed;
use super::rule::{Match, Signature};
use crate::model::{Event, Severity};
use crate::normalize::windows::{Condition, Pattern};
use crate::read::WindowsRecord;

/// So much of a value is shown.
const FOUND_CHARS_MAX: usize = 120;

/// The record of an event, of which the event kept what is needed.
static NO_DATA: LazyLock<WindowsRecord> = LazyLock::new(WindowsRecord::default);

/// The one condition that kept a signature from fitting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case", tag = "condition", content = "of")]
pub enum Failed {
    /// The error code is none of the signature's.
    ErrorCode(Option<String>),
    /// A value of the event is not what the signature wants there.
    Data {
        /// The name of the value, as the signature's file writes it.
        field: String,
        /// What the signature takes.
        wanted: Vec<String>,
        /// What is there; `None` for nothing.
        found: Option<String>,
    },
    /// All of it fits, and the event is no failure by the catalog of Windows signals.
    NoFailure,
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
        (Some(provider), Some(code)) if &*event.dataset == "windows" => signatures.try_windows(provider, code, event),
        _ => signatures.try_text(&event.dataset, event.severity, event.message.as_deref().unwrap_or_default()),
    }
}

impl Signatures {
    /// Says which signatures are about a Windows event and fail at one condition.
    fn try_windows(&self, provider: &str, code: u32, event: &Event) -> Trial {
        let text = event.message.as_deref().unwrap_or_default().to_lowercase();
        let about = self.about_provider(provider).filter(|(_, one)| one.is_about(provider, code));
        let near = about.filter_map(|(signature, one)| {
            let error = event.error_code.as_deref();
            let code = (!one.takes_error(error)).then(|| Failed::ErrorCode(error.map(str::to_owned)));
            let data = one.data.iter().filter_map(|condition| failed_data(condition, event));
            let mut failed = code.into_iter().chain(failed_words(one, &text)).chain(data);
            let is_failure = event.signature.is_some();
            match (failed.next(), failed.next()) {
                // Of the many events that are no failure, those are worth a word that a signature's data asks for.
                (Some(Failed::ErrorCode(_) | Failed::NoWords), _) if !is_failure => None,
                (Some(first), None) => Some(near_miss(signature, first)),
                (None, None) if !is_failure => Some(near_miss(signature, Failed::NoFailure)),
                // Two conditions at once are no near miss.
                _ => None,
            }
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

/// The condition, if the values that the event kept do not meet it.
fn failed_data((place, patterns): &Condition, event: &Event) -> Option<Failed> {
    let text = event.message.as_deref();
    let name = place.written();
    let found = match &name {
        Some(name) => event.data.iter().find(|(known, _)| **known == **name).map(|(_, value)| Cow::Borrowed(&**value)),
        None => place.value(&NO_DATA, text),
    };
    // An event does not keep the domain of its host, so what is said of it cannot be told from here.
    let is_open = patterns.contains(&Pattern::OwnDomain);
    let fits = found.as_ref().is_some_and(|found| patterns.iter().any(|pattern| pattern.fits(found, &NO_DATA)));
    (!is_open && !fits).then(|| Failed::Data {
        field: name.map_or_else(|| "the text".to_owned(), Cow::into_owned),
        wanted: patterns.iter().map(Pattern::written).collect(),
        found: found.map(|found| found.chars().take(FOUND_CHARS_MAX).collect()),
    })
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
    use super::super::SIGNATURES;
    use super::super::classify::parsed;
    use super::*;
    use crate::model::{Names, Position, Provenance, SourceId, Timestamp};
    use crate::normalize::windows::Catalog;
    use crate::read::Datum;

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

    /// What the signatures, the built-in ones and one more, say of a record.
    fn of_record(own: &str, provider: &str, event_id: u32, data: &[(&str, &str)]) -> Trial {
        let mut files = vec![parsed("own.toml", own).unwrap()];
        files.extend(SIGNATURES.iter().map(|(file, text)| parsed(file, text).unwrap()));
        let signatures = Signatures::new(files).unwrap();
        let datum = |(name, value): &(&str, &str)| Datum {
            name: (!name.is_empty()).then(|| (*name).into()),
            value: Some((*value).into()),
        };
        let record = WindowsRecord {
            provider: Some(provider.into()),
            event_id,
            level: Some(2),
            time: Some(Timestamp(0)),
            computer: Some("RDS01".into()),
            data: data.iter().map(datum).collect(),
            ..WindowsRecord::default()
        };
        let provenance = Provenance { source: SourceId(0), position: Position::Record(1) };
        let understood = Catalog::embedded().understand_by(&signatures, &record, provenance, &mut Names::new());
        try_out(&signatures, &understood.event.unwrap())
    }

    fn own(rule: &str) -> String {
        format!(
            "id='own'\ntitle='x'\nmeaning='x.'\nphase='connect'\nfault='unclear'\nsure='unverified'\n\
             references=['unverified']\n[[match]]\n{rule}"
        )
    }

    #[test]
    fn a_value_that_does_not_fit_is_named_with_what_was_wanted() {
        let lsm = "Microsoft-Windows-TerminalServices-LocalSessionManager";
        let rule = own(&format!("provider=['{lsm}']\nids=[40]\ndata={{Reason=['5','17*'],Session=['9']}}"));
        let trial = |reason, session| of_record(&rule, lsm, 40, &[("Session", session), ("Reason", reason)]);
        let wanted = vec!["5".to_owned(), "17*".to_owned()];
        let data = |found: &str| Failed::Data {
            field: "Reason".to_owned(),
            wanted: wanted.clone(),
            found: Some(found.to_owned()),
        };
        assert_eq!(misses(&trial("12", "9"), "own"), Some(data("12")));
        // Two at once are no near miss, and what fits in an event that is no failure is said so.
        assert_eq!(misses(&trial("12", "8"), "own"), None);
        assert_eq!(misses(&trial("5", "9"), "own"), Some(Failed::NoFailure));
        let refused =
            Failed::Data { field: "Reason".to_owned(), wanted: vec!["9".to_owned()], found: Some("5".to_owned()) };
        assert_eq!(misses(&trial("5", "9"), "rdp-no-right"), Some(refused));
        assert_eq!(trial("7", "9").hit.as_deref(), Some("rdp-server-refused"));
    }

    #[test]
    fn values_without_a_name_and_missing_ones_are_named_by_their_place() {
        let rule = own("provider=['NETLOGON']\nids=[5719]\ndata={'#1'=['*timeout*'],'#7'=['x']}");
        let trial = of_record(&rule, "NETLOGON", 5719, &[("", "CORP"), ("", "timeout")]);
        // It has a signature of its own, so nothing nearly fits; without that, the missing value is named.
        assert_eq!(trial.hit.as_deref(), Some("dc-unreachable"));
        let rule = own("provider=['NETLOGON']\nids=[5719]\ndata={'#1'=['*timeout*'],'#7'=['x']}")
            .replace("'own'", "'dc-unreachable'");
        let alone = Signatures::new(vec![parsed("own.toml", &rule).unwrap()]).unwrap();
        let event = Event {
            signature: Some("other-netlogon-5719".into()),
            ..windows_event("NETLOGON", 5719, &[("#1", "a timeout")])
        };
        let missing = Failed::Data { field: "#7".to_owned(), wanted: vec!["x".to_owned()], found: None };
        assert_eq!(misses(&try_out(&alone, &event), "dc-unreachable"), Some(missing));
    }

    fn windows_event(provider: &str, code: u32, data: &[(&str, &str)]) -> Event {
        let record = WindowsRecord {
            provider: Some(provider.into()),
            event_id: code,
            time: Some(Timestamp(0)),
            ..WindowsRecord::default()
        };
        let provenance = Provenance { source: SourceId(0), position: Position::Record(1) };
        let event = Catalog::embedded().understand(&record, provenance, &mut Names::new()).event.unwrap();
        let data = data.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Event { data, ..event }
    }

    #[test]
    fn a_code_that_no_signature_has_is_a_near_miss_of_those_for_the_event() {
        let logon = "Microsoft-Windows-Security-Auditing";
        let user = ("TargetUserName", "anna");
        let trial = of_record(&own("contains=['no such words']"), logon, 4771, &[user, ("Status", "0x99")]);
        assert_eq!(misses(&trial, "logon-wrong-password"), Some(Failed::ErrorCode(Some("0x99".to_owned()))));
        assert_eq!(misses(&trial, "nps-access-denied"), None);
    }
}
