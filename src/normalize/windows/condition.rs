//! What must hold of a value before a catalog entry or a signature applies.
//!
//! Values compare as numbers where both are numbers, so `0xC000006D`, `0xc000006d` and `3221225581`
//! are one; otherwise as words without regard to case. `*` at an end stands for anything.

use super::place::{Place, number};
use crate::read::WindowsRecord;

/// A pattern for one value.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(from = "String")]
pub(crate) enum Pattern {
    /// This number.
    Number(u64),
    /// These words, lower case.
    Words(String),
    /// A text that holds these pieces one after the other, lower case.
    Glob {
        /// The pieces between the stars; none is empty.
        pieces: Vec<String>,
        /// Whether the text begins with the first one.
        is_begun: bool,
        /// Whether the text ends with the last one.
        is_ended: bool,
    },
    /// A name within the domain of the host that wrote the record.
    OwnDomain,
}

impl From<String> for Pattern {
    fn from(written: String) -> Self {
        if written == "@own-domain" {
            return Self::OwnDomain;
        }
        if let Some(number) = number(&written) {
            return Self::Number(number);
        }
        let words = written.to_lowercase();
        if !words.contains('*') {
            return Self::Words(words);
        }
        Self::Glob {
            pieces: words.split('*').filter(|piece| !piece.is_empty()).map(str::to_owned).collect(),
            is_begun: !words.starts_with('*'),
            is_ended: !words.ends_with('*'),
        }
    }
}

impl Pattern {
    /// The pattern as a file writes it.
    pub(crate) fn written(&self) -> String {
        match self {
            // Status codes are hexadecimal everywhere, reasons and types of logon decimal.
            Self::Number(number) if *number > 0xFFFF => format!("{number:#X}").replacen("0X", "0x", 1),
            Self::Number(number) => number.to_string(),
            Self::Words(words) => words.clone(),
            Self::Glob { pieces, is_begun, is_ended } => {
                let star = |is_bound: &bool| if *is_bound { "" } else { "*" };
                format!("{}{}{}", star(is_begun), pieces.join("*"), star(is_ended))
            }
            Self::OwnDomain => "@own-domain".to_owned(),
        }
    }

    /// Whether `value`, found in `record`, fits.
    pub(crate) fn fits(&self, value: &str, record: &WindowsRecord) -> bool {
        match self {
            Self::Number(wanted) => number(value) == Some(*wanted),
            Self::Words(wanted) => value.to_lowercase() == *wanted,
            Self::Glob { pieces, is_begun, is_ended } => {
                let value = value.to_lowercase();
                holds_in_order(&value, pieces)
                    && (!is_begun || pieces.first().is_some_and(|piece| value.starts_with(piece)))
                    && (!is_ended || pieces.last().is_some_and(|piece| value.ends_with(piece)))
            }
            Self::OwnDomain => {
                record.computer.as_deref().and_then(|computer| computer.split_once('.')).is_some_and(|(_, domain)| {
                    value.to_lowercase().trim_end_matches('.').ends_with(&domain.to_lowercase())
                })
            }
        }
    }
}

fn holds_in_order(value: &str, pieces: &[String]) -> bool {
    let mut rest = value;
    pieces.iter().all(|piece| match rest.find(piece.as_str()) {
        Some(at) => {
            rest = &rest[at + piece.len()..];
            true
        }
        None => false,
    })
}

/// A place and the patterns of which one must fit the value there.
pub(crate) type Condition = (Place, Vec<Pattern>);

/// Whether the value of every condition fits one of its patterns; a missing value fits none.
pub(crate) fn all_fit(conditions: &[Condition], record: &WindowsRecord, text: Option<&str>) -> bool {
    conditions.iter().all(|condition| fits(condition, record, text))
}

/// Whether the value of some condition fits one of its patterns.
pub(crate) fn any_fits(conditions: &[Condition], record: &WindowsRecord, text: Option<&str>) -> bool {
    conditions.iter().any(|condition| fits(condition, record, text))
}

fn fits((place, patterns): &Condition, record: &WindowsRecord, text: Option<&str>) -> bool {
    place.value(record, text).is_some_and(|value| patterns.iter().any(|pattern| pattern.fits(&value, record)))
}

/// Reads `{ LogonType = ["2", "10"], QueryName = ["wpad*"] }`.
pub(crate) fn from_table<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Condition>, D::Error> {
    use serde::Deserialize as _;
    let table = std::collections::BTreeMap::<String, Vec<Pattern>>::deserialize(deserializer)?;
    table
        .into_iter()
        .map(|(place, patterns)| Ok((Place::try_from(place).map_err(serde::de::Error::custom)?, patterns)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, value: &str) -> bool {
        let record = WindowsRecord { computer: Some("TS01.corp.example".into()), ..WindowsRecord::default() };
        Pattern::from(pattern.to_owned()).fits(value, &record)
    }

    #[test]
    fn numbers_compare_as_numbers_and_words_without_case() {
        assert!(fits("0xC000006D", "3221225581"));
        assert!(fits("3221225581", "0xc000006d"));
        assert!(!fits("7", "70"));
        assert!(fits("Temporary", "temporary"));
    }

    #[test]
    fn a_star_stands_for_anything() {
        assert!(fits("*terminat*", "EvCsrTerminated"));
        assert!(fits("wpad*", "wpad.corp.example"));
        assert!(!fits("wpad*", "www.wpad"));
        assert!(fits("*.sys", "C:\\x\\frx.SYS"));
        assert!(fits("*group policy*failed*", "Import Group Policy key failed"));
        assert!(!fits("*failed*group policy*", "Import Group Policy key failed"));
    }

    #[test]
    fn a_pattern_is_written_as_it_was_read() {
        for written in ["7", "0xC000006D", "temporary", "wpad*", "*.sys", "*group policy*failed*", "@own-domain"] {
            assert_eq!(Pattern::from(written.to_owned()).written(), written);
        }
        assert_eq!(Pattern::from("3221225581".to_owned()).written(), "0xC000006D");
    }

    #[test]
    fn the_own_domain_is_that_of_the_host() {
        assert!(fits("@own-domain", "_ldap._tcp.dc._msdcs.CORP.example."));
        assert!(!fits("@own-domain", "settings.example"));
    }
}
