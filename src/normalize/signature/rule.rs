//! What stands in a signature's file.

use super::codes::{CodeWords, Codes};
use crate::model::{Fault, Severity};
use crate::normalize::windows::{Condition, Pattern, Sure, conditions_from_table, number};

/// How far on the way to work a failure comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Before anybody was asked for a name.
    Connect,
    /// While name and password are checked.
    Authenticate,
    /// When the name is known, and what it may do is looked up: rights, policies of access, licences.
    Authorize,
    /// While the profile is brought in.
    Profile,
    /// While policy is applied.
    Policy,
    /// While the desktop starts.
    Shell,
    /// While a session is made or kept.
    Session,
    /// While a session ends and what it held is given back.
    Close,
    /// In what all phases need: directory, names, network, memory, disks, services.
    Ground,
    /// In the application, behind the desktop.
    Application,
}

/// One failure signature.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Its id, which is also the name of its file.
    pub id: String,
    /// A short title, without full stop.
    pub title: String,
    /// What it means for people, in plain words.
    pub meaning: String,
    /// How far the user had come.
    pub phase: Phase,
    /// Whose fault it is.
    pub fault: Fault,
    /// How it is known to be right: the least sure of its ids and codes decides.
    pub sure: Sure,
    /// Public addresses where this can be read, or the one word `unverified`.
    pub references: Vec<String>,
    /// What it looks like; one of these suffices.
    #[serde(rename = "match")]
    pub(crate) matches: Vec<Match>,
    /// Records and lines that it must take.
    #[serde(rename = "example", default)]
    pub examples: Vec<Example>,
    /// Records and lines that it must leave alone.
    #[serde(rename = "counter_example", default)]
    pub counter_examples: Vec<Example>,
}

/// One way in which a signature shows. All that is stated must hold.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Match {
    /// Windows providers by the catalog's name; without any it is about text only.
    #[serde(default)]
    pub(crate) provider: Vec<String>,
    /// Event ids.
    #[serde(default)]
    pub(crate) ids: Vec<u32>,
    /// Error codes, of which one must be the record's.
    #[serde(default)]
    pub(crate) error: Vec<String>,
    /// Data values.
    #[serde(default, deserialize_with = "conditions_from_table")]
    pub(crate) data: Vec<Condition>,
    /// Beginnings of the dataset's name, for text logs; without any and without provider it fits all.
    #[serde(default)]
    pub(crate) dataset: Vec<String>,
    /// The least severity at which a text counts; warnings and up unless stated.
    #[serde(default, deserialize_with = "severity")]
    pub(crate) severity: Option<Severity>,
    /// Words of which one must occur, lower case. A text is looked at only if it holds one of them.
    #[serde(default)]
    pub(crate) contains: Vec<String>,
    /// Words of which none may occur, lower case.
    #[serde(default)]
    pub(crate) lacks: Vec<String>,
    /// A regular expression for the text in lower case, behind `contains`.
    #[serde(default, deserialize_with = "expression")]
    pub(crate) regex: Option<regex::Regex>,
}

/// A Windows record or a line of text, as a test of its signature.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The provider of a Windows record; without it the example is a line of text.
    #[serde(default)]
    pub provider: Option<String>,
    /// The event id of a Windows record.
    #[serde(default)]
    pub id: u32,
    /// The level of a Windows record; 2, an error, unless stated.
    #[serde(default)]
    pub level: Option<u8>,
    /// Named data of a Windows record.
    #[serde(default)]
    pub data: std::collections::BTreeMap<String, String>,
    /// Unnamed data of a Windows record.
    #[serde(default)]
    pub values: Vec<String>,
    /// The kind of a text log; any application unless stated.
    #[serde(default)]
    pub dataset: Option<String>,
    /// The severity of a line of text; an error unless stated.
    #[serde(default, deserialize_with = "severity")]
    pub severity: Option<Severity>,
    /// A line of text, without stamp and level.
    #[serde(default)]
    pub message: Option<String>,
}

impl Signature {
    /// Whether it tells Windows events of that provider and id, if all else that it asks for is there.
    pub fn is_about(&self, provider: &str, code: u32) -> bool {
        self.matches.iter().any(|one| one.is_about(provider, code))
    }

    /// The kinds of error code that its events and logs hold, each once.
    pub fn code_kinds(&self) -> Vec<&'static str> {
        let codes = Codes::embedded();
        let mut kinds: Vec<&'static str> = Vec::new();
        for one in &self.matches {
            let ids = if one.ids.is_empty() { &[0][..] } else { &one.ids[..] };
            let of_events = one.provider.iter().flat_map(|provider| ids.iter().map(|id| codes.kind_of(provider, *id)));
            let of_logs = one.dataset.iter().map(|dataset| codes.kind_of(dataset, 0));
            for kind in of_events.chain(of_logs).flatten() {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
        }
        kinds
    }

    /// Returns the error codes by which it is told, each with its kind and what it means; the words are
    /// missing where no table has the code.
    pub fn codes(&self) -> Vec<(String, Option<CodeWords<'static>>)> {
        let codes = Codes::embedded();
        let mut told: Vec<(String, Option<CodeWords<'static>>)> = Vec::new();
        for one in &self.matches {
            let (provider, id) = (one.provider.first(), one.ids.first().copied().unwrap_or_default());
            let Some(kind) = provider.and_then(|provider| codes.kind_of(provider, id)) else { continue };
            let numbers = one.data.iter().filter(|_| kind == "rdp-disconnect").flat_map(|(_, patterns)| patterns);
            let reasons = numbers.filter_map(|pattern| match pattern {
                Pattern::Number(number) => Some(number.to_string()),
                _ => None,
            });
            for code in one.error.iter().cloned().chain(reasons) {
                let words = codes.words(kind, &code);
                if !told.iter().any(|(known, known_words)| *known == code && *known_words == words) {
                    told.push((code, words));
                }
            }
        }
        told
    }

    /// Returns the events and texts by which it is told, one line each.
    pub fn shapes(&self) -> Vec<String> {
        let list = |words: &[String]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
        self.matches
            .iter()
            .map(|one| {
                let mut parts = Vec::new();
                if !one.provider.is_empty() {
                    let ids: Vec<String> = one.ids.iter().map(ToString::to_string).collect();
                    let ids = if ids.is_empty() { "any event".to_owned() } else { format!("event {}", ids.join(", ")) };
                    parts.push(format!("{ids} of {}", one.provider.join(", ")));
                }
                if !one.dataset.is_empty() {
                    parts.push(format!("logs of the kind {}", list(&one.dataset)));
                }
                if !one.error.is_empty() {
                    parts.push(format!("with the code {}", one.error.join(", ")));
                }
                if !one.data.is_empty() {
                    parts.push("with certain data".to_owned());
                }
                if !one.contains.is_empty() {
                    parts.push(format!("text with {}", list(&one.contains)));
                }
                if !one.lacks.is_empty() {
                    parts.push(format!("without {}", list(&one.lacks)));
                }
                if let Some(regex) = &one.regex {
                    parts.push(format!("that fits `{regex}`"));
                }
                parts.join(", ")
            })
            .collect()
    }
}

impl Match {
    /// Whether it is about Windows events of that provider and id.
    pub(crate) fn is_about(&self, provider: &str, code: u32) -> bool {
        self.provider.iter().any(|own| own.eq_ignore_ascii_case(provider))
            && (self.ids.is_empty() || self.ids.contains(&code))
    }

    /// Whether one of the error codes is this one; codes compare as numbers where they are.
    pub(crate) fn takes_error(&self, error: Option<&str>) -> bool {
        let is_same = |own: &String, error: &str| match (number(own), number(error)) {
            (Some(own), Some(error)) => own == error,
            _ => own.eq_ignore_ascii_case(error),
        };
        self.error.is_empty() || error.is_some_and(|error| self.error.iter().any(|own| is_same(own, error)))
    }

    /// Whether a text in lower case has the words.
    pub(crate) fn takes_words(&self, text: &str) -> bool {
        (self.contains.is_empty() || self.contains.iter().any(|words| text.contains(words.as_str())))
            && !self.lacks.iter().any(|words| text.contains(words.as_str()))
            && self.regex.as_ref().is_none_or(|regex| regex.is_match(text))
    }

    /// Whether it is about texts of a dataset.
    pub(crate) fn is_about_text(&self, dataset: &str) -> bool {
        match (self.dataset.is_empty(), self.provider.is_empty()) {
            (true, is_generic) => is_generic,
            (false, _) => self.dataset.iter().any(|begin| dataset.starts_with(begin.as_str())),
        }
    }

    /// Whether it may be about any text at all.
    pub(crate) fn is_textual(&self) -> bool {
        !self.dataset.is_empty() || self.provider.is_empty()
    }
}

fn severity<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Severity>, D::Error> {
    use serde::Deserialize as _;
    let word = String::deserialize(deserializer)?;
    Severity::from_word(&word).map(Some).ok_or_else(|| serde::de::Error::custom(format!("`{word}` is no severity")))
}

fn expression<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<regex::Regex>, D::Error> {
    use serde::Deserialize as _;
    let written = String::deserialize(deserializer)?;
    regex::Regex::new(&written).map(Some).map_err(serde::de::Error::custom)
}
