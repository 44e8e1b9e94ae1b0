//! What the JSON shapes of Windows events have in common: scalars, times, GUIDs and leaves.
//!
//! The target is the text that Windows itself writes into event XML, so that a record reads the same
//! from every export. JSON has lost the types of the data, so a value that looks like a GUID is taken
//! for one.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::model::{Name, Timestamp};
use crate::read::{Body, Datum, Record, Row};

/// Returns a scalar as text; `None` for null, arrays and objects.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(guid(text).unwrap_or_else(|| text.clone())),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns a scalar as shared text, the empty text included.
pub(crate) fn name(value: Option<&Value>) -> Option<Name> {
    value.and_then(scalar).map(Name::from)
}

/// Reads a whole number, written as number or as text, decimal or `0x`.
pub(crate) fn integer(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => super::place::number(text),
        _ => None,
    }
}

/// Reads the 64 bits of keywords, which many tools write as a signed number.
pub(crate) fn keywords(value: Option<&Value>) -> Option<u64> {
    let signed = match value? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse::<i64>().ok(),
        _ => None,
    };
    integer(value).or(signed.map(i64::cast_unsigned))
}

/// Reads a whole number that fits a narrower type.
pub(crate) fn narrow<T: TryFrom<u64>>(value: Option<&Value>) -> Option<T> {
    integer(value).and_then(|number| T::try_from(number).ok())
}

/// Reads an event id; some tools leave the qualifiers in its upper half.
pub(crate) fn event_id(value: Option<&Value>) -> Option<u32> {
    integer(value).map(|id| (id & 0xFFFF) as u32)
}

/// Returns a text that is not empty, trimmed.
pub(crate) fn filled(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// Returns a security identifier; `None` for the name of an account, which some tools write instead.
pub(crate) fn sid(value: Option<&Value>) -> Option<Name> {
    let value = value?;
    let text = value.as_str().or_else(|| value.get("Value")?.as_str())?.trim();
    text.starts_with("S-1-").then(|| Name::from(text))
}

/// Reads a level from its number or its word. Tools print the word in the language of their machine.
pub(crate) fn level(value: Option<&Value>) -> Option<u8> {
    if let Some(number) = integer(value) {
        return u8::try_from(number).ok();
    }
    level_by_word(value?.as_str()?)
}

/// The level that a word means, in the larger languages of Windows.
pub(crate) fn level_by_word(word: &str) -> Option<u8> {
    let level = match word.trim().to_lowercase().as_str() {
        "logalways" | "audit_success" | "audit_failure" | "success audit" | "failure audit" => 0,
        "critical" | "kritisch" | "critique" | "critico" | "crit" | "crítico" => 1,
        "error" | "fehler" | "erreur" | "errore" | "错误" | "エラー" | "오류" => 2,
        "warning" | "warnung" | "avertissement" | "avviso" | "advertencia" | "警告" | "경고" => 3,
        "information" | "informationen" | "informations" | "informazioni" | "info" | "información" | "信息"
        | "情報" | "정보" => 4,
        "verbose" | "ausführlich" | "détaillé" | "dettagliato" | "commentaires" | "debug" => 5,
        _ => return None,
    };
    Some(level)
}

/// Returns the cells of a row under the names of their columns, without the empty ones.
pub(crate) fn object_of(row: &Row<'_>) -> Value {
    let filled = row.header.iter().zip(&row.cells).filter(|(_, cell)| !cell.is_empty());
    let of_name = |name: &String| name.trim_matches(['"', '\u{feff}']).trim().to_owned();
    Value::Object(filled.map(|(name, cell)| (of_name(name), Value::from(&**cell))).collect())
}

/// Returns the record as a JSON object: as it stands, or made of a row.
pub(crate) fn object<'r>(record: &'r Record<'_>) -> Option<Cow<'r, Value>> {
    match &record.body {
        Body::Json(object) => Some(Cow::Borrowed(object.tree())),
        Body::Row(row) => Some(Cow::Owned(object_of(row))),
        _ => None,
    }
}

/// Counts the records whose object `fits`.
pub(crate) fn count(records: &[Record<'_>], fits: fn(&Value) -> bool) -> usize {
    records.iter().filter(|record| object(record).is_some_and(|value| fits(&value))).count()
}

/// Returns a GUID in upper case with braces; `None` if `text` is none.
pub(crate) fn guid(text: &str) -> Option<String> {
    let bare = text.trim().trim_start_matches('{').trim_end_matches('}');
    let bytes = bare.as_bytes();
    let well_formed = bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    well_formed.then(|| format!("{{{}}}", bare.to_uppercase()))
}

/// Reads an instant in RFC 3339, or with a blank and `UTC` as older tools write it.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let instant = match text.strip_suffix(" UTC") {
        Some(civil) => format!("{}Z", civil.replacen(' ', "T", 1)).parse::<jiff::Timestamp>(),
        None => text.parse::<jiff::Timestamp>(),
    };
    instant.ok().map(Timestamp::from_jiff)
}

/// Adds the leaves below `value` to `data`, in their order, under the name of their own element.
///
/// Depth is bounded: the schema of Windows events has no deeper data, hostile input may.
pub(crate) fn leaves(own: Option<&str>, value: &Value, depth: usize, data: &mut Vec<Datum>) {
    const DEEPEST: usize = 8;
    match value {
        Value::Object(map) if depth < DEEPEST => object_leaves(map, depth, data),
        Value::Array(values) if depth < DEEPEST => values.iter().for_each(|value| leaves(own, value, depth + 1, data)),
        Value::Object(_) | Value::Array(_) => {}
        _ => data.push(Datum { name: own.map(Name::from), value: name(Some(value)) }),
    }
}

fn object_leaves(map: &Map<String, Value>, depth: usize, data: &mut Vec<Datum>) {
    for (key, value) in map {
        match key.as_str() {
            // What stands around the data, not in it.
            "#attributes" | "xml_name" | "xmlns" => {}
            key if key.ends_with("_attributes") => {}
            "#text" | "Data" => leaves(None, value, depth + 1, data),
            key => leaves(Some(key), value, depth + 1, data),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guids_have_one_spelling_and_other_texts_are_left_alone() {
        let spelled = "{9482F4B4-E343-43B6-B170-9A65BC822C77}";
        for text in [spelled, "9482f4b4-e343-43b6-b170-9a65bc822c77"] {
            assert_eq!(guid(text).as_deref(), Some(spelled));
        }
        assert_eq!(guid("9482f4b4-e343-43b6-b170"), None);
        assert_eq!(guid("zzzzzzzz-e343-43b6-b170-9a65bc822c77"), None);
    }

    #[test]
    fn times_of_old_and_new_tools_are_read() {
        let expected = time("2016-07-08T18:12:51.68164Z");
        assert!(expected.is_some());
        assert_eq!(time("2016-07-08 18:12:51.681640 UTC"), expected);
        assert_eq!(time("yesterday"), None);
    }

    #[test]
    fn bottomless_nesting_ends() {
        let mut value = Value::from(1);
        for _ in 0..100 {
            value = serde_json::json!({ "a": value });
        }
        let mut data = Vec::new();
        leaves(None, &value, 0, &mut data);
        assert!(data.is_empty());
    }
}
