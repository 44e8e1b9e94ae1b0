//! Where a value stands in a Windows record, as the catalog writes it.
//!
//! | text in the catalog | value |
//! | --- | --- |
//! | `TargetUserName` | the data field of that name |
//! | `#0` | the first unnamed data value; forwarders that number them call it `param1` |
//! | `#*` | all unnamed values, joined by a blank |
//! | `@system.user` | the account that the System part names (`Security/@UserID`) |
//! | `@text` | the entry's text, whole |
//! | `@text.user` | a part of the entry's text, see [`TextPart`] |
//! | `=FSLogix Apps` | these very words |

use std::borrow::Cow;

use super::text_part::TextPart;
use crate::read::WindowsRecord;

/// One place.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Place {
    /// A data field by name.
    Named(String),
    /// An unnamed data value, counted from 0.
    Unnamed(usize),
    /// All unnamed data values.
    AllUnnamed,
    /// `Security/@UserID`.
    SystemUser,
    /// The whole text.
    WholeText,
    /// A part of the text.
    Text(TextPart),
    /// Words of the catalog itself.
    Literal(String),
}

impl TryFrom<String> for Place {
    type Error = String;

    fn try_from(written: String) -> Result<Self, String> {
        if written == "#*" {
            return Ok(Self::AllUnnamed);
        }
        if written == "@text" {
            return Ok(Self::WholeText);
        }
        if written == "@system.user" {
            return Ok(Self::SystemUser);
        }
        if let Some(index) = written.strip_prefix('#') {
            return index.parse().map(Self::Unnamed).map_err(|_| format!("`{written}` has no number"));
        }
        if let Some(part) = written.strip_prefix("@text.") {
            return TextPart::from_name(part)
                .map(Self::Text)
                .ok_or_else(|| format!("no part of a text is `{written}`"));
        }
        if let Some(words) = written.strip_prefix('=') {
            return Ok(Self::Literal(words.to_owned()));
        }
        if written.is_empty() || written.starts_with('@') {
            return Err(format!("`{written}` is no place"));
        }
        Ok(Self::Named(written))
    }
}

impl Place {
    /// The place as the catalog writes it; `None` for parts of the text, which an event keeps whole, and for words.
    pub(crate) fn written(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Named(name) => Some(Cow::Borrowed(name)),
            Self::Unnamed(index) => Some(Cow::Owned(format!("#{index}"))),
            Self::AllUnnamed => Some(Cow::Borrowed("#*")),
            Self::SystemUser => Some(Cow::Borrowed("@system.user")),
            Self::WholeText | Self::Text(_) | Self::Literal(_) => None,
        }
    }

    /// Returns what stands there, trimmed; `None` for nothing, null, the empty text and `-`.
    ///
    /// Forwarders drop empty values, so the empty text means no more than its absence.
    pub(crate) fn value<'r>(&'r self, record: &'r WindowsRecord, text: Option<&'r str>) -> Option<Cow<'r, str>> {
        let found: Cow<'r, str> = match self {
            Self::Named(name) => Cow::Borrowed(record.datum(name)?),
            Self::Unnamed(index) => Cow::Borrowed(unnamed(record, *index)?),
            Self::AllUnnamed => Cow::Owned(all_unnamed(record)),
            Self::SystemUser => Cow::Borrowed(record.user_sid.as_deref()?),
            Self::WholeText => Cow::Borrowed(text?),
            Self::Text(part) => part.of(text?)?,
            Self::Literal(words) => Cow::Borrowed(words),
        };
        let found = match found {
            Cow::Borrowed(all) => Cow::Borrowed(all.trim()),
            Cow::Owned(all) => Cow::Owned(all.trim().to_owned()),
        };
        (!found.is_empty() && found != "-").then_some(found)
    }
}

/// Returns the unnamed value at `index`, or the one that a forwarder numbered.
fn unnamed(record: &WindowsRecord, index: usize) -> Option<&str> {
    record.unnamed(index).or_else(|| record.datum(&format!("param{}", index + 1)))
}

/// Joins all unnamed values; the numbered ones of forwarders by their number.
fn all_unnamed(record: &WindowsRecord) -> String {
    // No classic event carries more insertion strings than this.
    const MOST: usize = 64;
    let mut joined = String::new();
    for value in (0..MOST.min(record.data.len().max(MOST / 4))).filter_map(|index| unnamed(record, index)) {
        let value = value.trim();
        if !value.is_empty() {
            if !joined.is_empty() {
                joined.push(' ');
            }
            joined.push_str(value);
        }
    }
    joined
}

/// Returns the first value among `places` that says something.
pub(crate) fn first<'r>(places: &'r [Place], record: &'r WindowsRecord, text: Option<&'r str>) -> Option<Cow<'r, str>> {
    places.iter().find_map(|place| place.value(record, text))
}

/// Reads one place, or an array of places of which the first that says something counts.
pub(crate) fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Place>, D::Error> {
    use serde::Deserialize as _;
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(Place),
        Many(Vec<Place>),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::One(place) => vec![place],
        Written::Many(places) => places,
    })
}

/// Reads a number as logs write it: decimal, or hexadecimal behind `0x`.
pub(crate) fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::Datum;

    fn record(data: &[(Option<&str>, &str)]) -> WindowsRecord {
        let data = data
            .iter()
            .map(|(name, value)| Datum { name: name.map(Into::into), value: Some((*value).into()) })
            .collect();
        WindowsRecord { data, ..WindowsRecord::default() }
    }

    fn place(written: &str) -> Place {
        Place::try_from(written.to_owned()).unwrap()
    }

    #[test]
    fn unnamed_values_and_numbered_ones_are_the_same() {
        let classic = record(&[(None, "Reader"), (None, ""), (None, "22.1")]);
        let forwarded = record(&[(Some("param1"), "Reader"), (Some("param3"), "22.1")]);
        for record in [&classic, &forwarded] {
            assert_eq!(place("#0").value(record, None).as_deref(), Some("Reader"));
            assert_eq!(place("#1").value(record, None), None);
            assert_eq!(place("#2").value(record, None).as_deref(), Some("22.1"));
            assert_eq!(place("#*").value(record, None).as_deref(), Some("Reader 22.1"));
        }
    }

    #[test]
    fn a_dash_says_nothing() {
        let record = record(&[(Some("IpAddress"), "-"), (Some("Name"), " a ")]);
        assert_eq!(place("IpAddress").value(&record, None), None);
        assert_eq!(place("Name").value(&record, None).as_deref(), Some("a"));
    }

    #[test]
    fn places_that_mean_nothing_are_refused() {
        for wrong in ["", "#x", "@text.nothing", "@system.color"] {
            assert!(Place::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_are_read_with_and_without_prefix() {
        assert_eq!(number("0xC000006d"), Some(0xC000_006D));
        assert_eq!(number("3221225653"), Some(0xC000_00B5));
        assert_eq!(number("abc"), None);
    }
}
