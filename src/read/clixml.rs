//! Reads the XML in which PowerShell keeps objects (CLIXML), one object at a time, as JSON.
//!
//! `<Obj><Props><I32 N="Id">21</I32>...`: the element tells the type, `N` the name. Lists become arrays,
//! objects maps of their properties, and what PowerShell kept of an object as text alone becomes that text.
//! Characters that XML does not hold are written `_x000A_`. Source: the vendor's specification
//! MS-PSRP, serialization of objects.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::{Map, Value};

/// Objects within objects that are followed.
const DEPTH_MAX: usize = 32;

/// One open element, and what stands in it so far.
struct Element {
    tag: String,
    name: Option<String>,
    text: String,
    map: Map<String, Value>,
    items: Vec<Value>,
    words: Option<Value>,
}

impl Element {
    fn new(start: &BytesStart<'_>) -> Self {
        let attribute = start.attributes().filter_map(Result::ok).find(|attribute| attribute.key.as_ref() == "N");
        let name = attribute.map(|attribute| {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            decoded(&value.map_or_else(|_| attribute.value.clone().into_owned(), std::borrow::Cow::into_owned))
        });
        Self {
            tag: start.local_name().as_ref().to_owned(),
            name,
            text: String::new(),
            map: Map::new(),
            items: Vec::new(),
            words: None,
        }
    }

    /// What the element says, now that it is closed.
    fn value(self) -> Value {
        let text = || decoded(&self.text);
        match self.tag.as_str() {
            "Nil" | "TN" | "TNRef" | "Ref" => Value::Null,
            "LST" | "IE" | "QUE" | "STK" => Value::Array(self.items),
            "Props" | "MS" => Value::Object(self.map),
            // An enumeration or a number with further properties stands in its object as its own element.
            "Obj" if !self.map.is_empty() => Value::Object(self.map),
            "Obj" if !self.items.is_empty() => self.items.into_iter().next_back().unwrap_or_default(),
            "Obj" => self.words.unwrap_or_default(),
            "B" => Value::Bool(self.text.trim() == "true"),
            "By" | "SB" | "I16" | "U16" | "I32" | "U32" | "I64" | "U64" => {
                self.text.trim().parse::<serde_json::Number>().map_or_else(|_| Value::String(text()), Value::Number)
            }
            _ => Value::String(text()),
        }
    }

    /// Takes the value of an element that stood inside.
    fn take(&mut self, tag: &str, name: Option<String>, value: Value) {
        match (tag, value) {
            ("Props" | "MS", Value::Object(inner)) if self.tag == "Obj" => self.map.extend(inner),
            ("ToString", value) => self.words = Some(value),
            ("TN" | "TNRef", _) => {}
            (_, value) => match name {
                Some(name) if matches!(self.tag.as_str(), "Props" | "MS") => {
                    self.map.insert(name, value);
                }
                _ => self.items.push(value),
            },
        }
    }
}

/// Reads the first object of a text; `None` if it has none that is sound.
pub fn clixml(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text.get(text.find("<Obj")?..)?);
    reader.config_mut().allow_dangling_amp = true;
    let mut path: Vec<Element> = Vec::new();
    loop {
        let closed = match reader.read_event().ok()? {
            Event::Start(start) => {
                if path.len() == DEPTH_MAX {
                    return None;
                }
                path.push(Element::new(&start));
                continue;
            }
            Event::Empty(start) => Element::new(&start),
            Event::End(_) => path.pop()?,
            Event::Text(text) => {
                path.last_mut()?.text.push_str(&text);
                continue;
            }
            Event::GeneralRef(reference) => {
                path.last_mut()?.text.push_str(&super::xml_event::resolved(&reference));
                continue;
            }
            Event::Eof => return None,
            _ => continue,
        };
        let (tag, name) = (closed.tag.clone(), closed.name.clone());
        let value = closed.value();
        match path.last_mut() {
            Some(parent) => parent.take(&tag, name, value),
            None => return Some(value),
        }
    }
}

/// Turns `_x000A_` into the character; what is no such code stays as it is.
fn decoded(text: &str) -> String {
    let code = |rest: &str| {
        let digits = rest.strip_prefix("_x").or_else(|| rest.strip_prefix("_X"))?.get(..5)?.strip_suffix('_')?;
        // A sign would be read as a part of the number.
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('_') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        // Characters beyond the first plane are two codes in a row.
        let mut units = Vec::new();
        while let Some(unit) = code(rest) {
            units.push(unit);
            rest = &rest[7..];
        }
        if units.is_empty() {
            out.push('_');
            rest = &rest[1..];
        } else {
            out.push_str(&String::from_utf16_lossy(&units));
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_becomes_a_map_of_its_properties() {
        let text = r#"  <Obj RefId="0">
    <TN RefId="0"><T>System.Diagnostics.Eventing.Reader.EventLogRecord</T></TN>
    <ToString>words</ToString>
    <Props>
      <I32 N="Id">21</I32>
      <Nil N="Qualifiers" />
      <I64 N="Keywords">-9223372036854775808</I64>
      <S N="Empty"></S>
      <B N="Flag">true</B>
      <Obj N="UserId" RefId="1"><TNRef RefId="1" /><ToString>S-1-5-18</ToString><Props><S N="Value">S-1-5-18</S></Props></Obj>
      <Obj N="Level" RefId="4"><TNRef RefId="1" /><ToString>Error</ToString><I32>2</I32></Obj>
      <Obj N="Bookmark" RefId="5"><ToString>a bookmark</ToString><Props /></Obj>
      <Obj N="KeywordsDisplayNames" RefId="6"><LST /></Obj>
      <Obj N="Properties" RefId="2"><LST>
        <Obj RefId="3"><TNRef RefId="1" /><ToString>x</ToString><Props><S N="Value">a &lt;b&gt; &amp; c</S></Props></Obj>
        <S>plain</S>
      </LST></Obj>
    </Props>
    <MS><S N="Message">one_x000D__x000A_two _xD83D__xDE00_ _x12 snake_case</S></MS>
  </Obj>
</Objs>"#;
        let expected = json!({
            "Id": 21, "Qualifiers": null, "Keywords": -9_223_372_036_854_775_808_i64, "Empty": "", "Flag": true,
            "UserId": {"Value": "S-1-5-18"}, "Level": 2, "Bookmark": "a bookmark",
            "KeywordsDisplayNames": [],
            "Properties": [{"Value": "a <b> & c"}, "plain"], "Message": "one\r\ntwo \u{1f600} _x12 snake_case",
        });
        assert_eq!(clixml(text), Some(expected));
    }

    #[test]
    fn what_does_not_end_or_nests_too_deep_is_none() {
        assert_eq!(clixml("no object"), None);
        assert_eq!(clixml("<Obj><Props><S N=\"a\">x</S></Props>"), None);
        assert_eq!(clixml("<Obj><Props></Obj></Props>"), None);
        assert_eq!(clixml(&"<Obj>".repeat(100_000)), None);
        assert_eq!(clixml("<Obj"), None);
        assert_eq!(decoded("_x00é_ _x+041_ _x_ _"), "_x00é_ _x+041_ _x_ _");
    }
}
