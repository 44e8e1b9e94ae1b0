//! One JSON object as its leaves, borrowed from the text; the whole tree only for those who ask for it.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Objects within objects are taken apart to this depth; what lies deeper stays text.
const DEPTH_MAX: usize = 8;

/// Named values in the order of the record.
pub type Fields<'t> = Vec<(Cow<'t, str>, Cow<'t, str>)>;

/// One JSON object.
#[derive(Clone, Debug)]
pub struct Object<'t> {
    text: Cow<'t, str>,
    fields: Fields<'t>,
    tree: OnceCell<Value>,
}

impl<'t> Object<'t> {
    /// Reads an object; an error if the text is none or not well formed.
    pub fn parse(text: &'t str) -> serde_json::Result<Self> {
        let mut fields = Vec::new();
        read_fields(text, "", DEPTH_MAX, &mut fields)?;
        Ok(Self { text: Cow::Borrowed(text), fields, tree: OnceCell::new() })
    }

    /// Its leaves: keys of nested objects are joined by dots, so `{"log":{"level":"x"}}` and
    /// `{"log.level":"x"}` are one. Strings are unescaped, numbers and arrays stand as written, nulls are absent.
    pub fn fields(&self) -> &Fields<'t> {
        &self.fields
    }

    /// Returns the first leaf of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }

    /// Whether there is an object of that name with leaves.
    pub fn has_object(&self, name: &str) -> bool {
        self.fields.iter().any(|(key, _)| key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
    }

    /// Returns the whole tree; null where it is nested too deeply to be one.
    pub fn tree(&self) -> &Value {
        self.tree.get_or_init(|| serde_json::from_str(&self.text).unwrap_or_default())
    }

    /// Returns the object with a text of its own.
    pub fn into_owned(self) -> Object<'static> {
        let own = |text: Cow<'t, str>| Cow::Owned(text.into_owned());
        Object {
            text: own(self.text),
            fields: self.fields.into_iter().map(|(key, value)| (own(key), own(value))).collect(),
            tree: self.tree,
        }
    }
}

impl PartialEq for Object<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

fn read_fields<'t>(text: &'t str, prefix: &str, depth: usize, fields: &mut Fields<'t>) -> serde_json::Result<()> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    deserializer.deserialize_map(Leaves { prefix, depth, fields })?;
    deserializer.end()
}

struct Leaves<'f, 't> {
    prefix: &'f str,
    depth: usize,
    fields: &'f mut Fields<'t>,
}

impl<'t> Visitor<'t> for Leaves<'_, 't> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key::<Key<'t>>()? {
            let value = map.next_value::<&'t RawValue>()?.get();
            let name = if self.prefix.is_empty() { key } else { Cow::Owned(format!("{}.{key}", self.prefix)) };
            match value.as_bytes().first() {
                Some(b'{') if self.depth > 1 => {
                    read_fields(value, &name, self.depth - 1, self.fields).map_err(serde::de::Error::custom)?;
                }
                Some(b'"') => self.fields.push((name, unquoted(value).map_err(serde::de::Error::custom)?)),
                Some(b'n') => {}
                _ => self.fields.push((name, Cow::Borrowed(value))),
            }
        }
        Ok(())
    }
}

/// A key, borrowed where nothing in it is escaped.
struct Key<'t>(Cow<'t, str>);

impl<'t> serde::Deserialize<'t> for Key<'t> {
    fn deserialize<D: serde::Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'t> Visitor<'t> for Text {
            type Value = Key<'t>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, text: &'t str) -> Result<Key<'t>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Key<'t>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// The text of a quoted JSON string.
fn unquoted(quoted: &str) -> serde_json::Result<Cow<'_, str>> {
    if memchr::memchr(b'\\', quoted.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(&quoted[1..quoted.len() - 1]));
    }
    serde_json::from_str(quoted).map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(text: &str) -> Vec<(String, String)> {
        let object = Object::parse(text).unwrap();
        object.fields().iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    }

    #[test]
    fn nested_and_dotted_objects_are_one() {
        let nested = leaves(r#"{"log": {"level": "error"}, "n": 3, "list": [1, {"a": 2}], "no": null}"#);
        assert_eq!(nested, leaves(r#"{"log.level": "error", "n": 3, "list": [1, {"a": 2}]}"#));
        assert_eq!(nested[0], ("log.level".to_owned(), "error".to_owned()));
        assert_eq!(nested[2].1, r#"[1, {"a": 2}]"#);
    }

    #[test]
    fn what_is_escaped_is_unescaped_and_the_rest_is_borrowed() {
        let object = Object::parse(r#"{"a\"b":"c\nd","plain":"text"}"#).unwrap();
        assert_eq!(object.get("a\"b"), Some("c\nd"));
        assert!(matches!(object.fields()[1], (Cow::Borrowed("plain"), Cow::Borrowed("text"))));
        assert_eq!(object.clone().into_owned(), object);
        assert_eq!(object.tree()["plain"], "text");
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for text in ["", "7", "[]", "{", r#"{"a":}"#, r#"{"a":1} x"#, r#"{"a":"\ud800"}"#, r#"{"a":01}"#] {
            assert!(Object::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{}1{}", "{\"a\":".repeat(50_000), "}".repeat(50_000));
        assert_eq!(leaves(&deep).len(), 1);
        assert_eq!(Object::parse(&deep).unwrap().tree(), &Value::Null);
    }
}
