//! Binary XML as tokens, read into a tree of elements with holes.
//!
//! A template definition is such a tree with holes (substitutions); a record is a template instance,
//! which fills the holes, or, in forwarded and re-exported logs, the tree itself. Names stand once
//! in a chunk and are referred to by their offset; the first reference is followed by the name.
//!
//! Bounds: depth of elements, length of a name, and every offset lies in the chunk.
//! Source: MS-EVEN6 2.2.12 (grammar) and 2.2.13 to 2.2.18 (tokens).

use std::collections::BTreeMap;
use std::sync::Arc;

use nom::number::complete::{le_u8, le_u16, le_u32};
use nom::{IResult, Parser};

use super::values::{self, Slot, kind};
use super::{Defect, utf16};
use crate::model::Name;

/// Elements inside elements; Windows writes fewer than ten.
const MAX_DEPTH: usize = 64;
/// UTF-16 units of a name.
const MAX_NAME_LEN: u16 = 1_024;

/// An element of binary XML.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Element {
    /// Its name.
    pub(super) name: Name,
    /// The substitution without whose value the element is left out.
    pub(super) dependency: Option<u16>,
    /// Attributes with the parts of their values.
    pub(super) attributes: Vec<(Name, Vec<Node>)>,
    /// What stands in it, in order.
    pub(super) children: Vec<Node>,
}

/// What stands in an element or in an attribute.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// An element.
    Element(Element),
    /// Text.
    Text(Name),
    /// A hole that the value with this index fills.
    Substitution(u16),
    /// A template with its values.
    Instance(Instance),
}

/// A template instance: where the definition is, and the values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Instance {
    /// The offset of the definition in the chunk.
    pub(super) definition: u32,
    /// The first four bytes of the definition's GUID, as the instance states them.
    pub(super) template_id: u32,
    /// The substitution array.
    pub(super) slots: Vec<Slot>,
}

/// Which of the two grammars holds: only definitions state dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grammar {
    /// The definition of a template.
    Definition,
    /// A record, or a fragment that is a value.
    Content,
}

/// The names of a chunk, read when they are first met.
#[derive(Debug)]
pub(super) struct NameTable<'c> {
    chunk: &'c [u8],
    known: BTreeMap<u32, Name>,
}

impl<'c> NameTable<'c> {
    /// Knows none yet.
    pub(super) fn new(chunk: &'c [u8]) -> Self {
        Self { chunk, known: BTreeMap::new() }
    }

    fn at(&mut self, offset: u32) -> Result<Name, Defect> {
        if let Some(name) = self.known.get(&offset) {
            return Ok(Arc::clone(name));
        }
        let units = name_units(self.chunk, offset)?;
        let mut text = String::new();
        utf16::append(units, &mut text)?;
        let name: Name = Arc::from(text);
        self.known.insert(offset, Arc::clone(&name));
        Ok(name)
    }

    /// Returns all names met, by offset.
    pub(super) fn into_known(self) -> Vec<(u32, Name)> {
        self.known.into_iter().collect()
    }
}

/// Whether this chunk has the name at the offset.
pub(super) fn has_name(chunk: &[u8], offset: u32, name: &str) -> bool {
    name_units(chunk, offset).is_ok_and(|units| utf16::equals(units, name))
}

/// Returns the UTF-16 units of a name, whose hash proves that there is one.
fn name_units(chunk: &[u8], offset: u32) -> Result<&[u8], Defect> {
    const CUT: Defect = Defect("a name lies outside of its chunk");
    let rest = chunk.get(offset as usize..).ok_or(CUT)?;
    // Offset of the next name with the same hash, hash, length.
    let header: IResult<&[u8], (u32, u16, u16), ()> = (le_u32, le_u16, le_u16).parse(rest);
    let (rest, (_next, hash, len)) = header.map_err(|_| CUT)?;
    if len > MAX_NAME_LEN {
        return Err(Defect("a name is too long"));
    }
    let units = rest.get(..2 * usize::from(len)).ok_or(CUT)?;
    let own_hash = units
        .as_chunks::<2>()
        .0
        .iter()
        .fold(0_u32, |hash, unit| hash.wrapping_mul(65_599).wrapping_add(u32::from(u16::from_le_bytes(*unit))));
    if own_hash as u16 != hash {
        return Err(Defect("a name contradicts its hash"));
    }
    Ok(units)
}

/// A span of a chunk from which tokens are read.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'c> {
    chunk: &'c [u8],
    at: usize,
    end: usize,
}

impl<'c> Cursor<'c> {
    /// Begins at the first byte of the span.
    pub(super) fn new(chunk: &'c [u8], span: std::ops::Range<usize>) -> Result<Self, Defect> {
        if span.start > span.end || span.end > chunk.len() {
            return Err(Defect("a fragment lies outside of its chunk"));
        }
        Ok(Self { chunk, at: span.start, end: span.end })
    }

    /// The bytes that are left.
    pub(super) fn rest(&self) -> &'c [u8] {
        &self.chunk[self.at..self.end]
    }

    fn take<O>(
        &mut self,
        mut parser: impl Parser<&'c [u8], Output = O, Error = ()>,
        what: &'static str,
    ) -> Result<O, Defect> {
        let (rest, output) = parser.parse(self.rest()).map_err(|_| Defect(what))?;
        self.at = self.end - rest.len();
        Ok(output)
    }

    fn skip(&mut self, len: usize, what: &'static str) -> Result<(), Defect> {
        self.at = self.at.checked_add(len).filter(|at| *at <= self.end).ok_or(Defect(what))?;
        Ok(())
    }

    fn name(&mut self, names: &mut NameTable<'c>) -> Result<Name, Defect> {
        let offset = self.take(le_u32, "a name is cut")?;
        let name = names.at(offset)?;
        if offset as usize == self.at {
            // The name itself follows: link, hash, length, units, NUL.
            let len = name_units(self.chunk, offset)?.len();
            self.skip(8 + len + 2, "a name is cut")?;
        }
        Ok(name)
    }

    /// Reads a template instance behind its token; the values' bytes stay where they are.
    pub(super) fn instance(&mut self, slots: &mut Vec<Slot>) -> Result<(u32, u32), Defect> {
        const CUT: &str = "a template instance is cut";
        let (_, template_id, definition) = self.take((le_u8, le_u32, le_u32), CUT)?;
        if definition as usize == self.at {
            // The definition itself follows: link, GUID, size, tokens.
            self.skip(20, CUT)?;
            let len = self.take(le_u32, CUT)? as usize;
            self.skip(len, CUT)?;
        }
        let n_slots = self.take(le_u32, CUT)? as usize;
        let table = n_slots.checked_mul(4).and_then(|len| self.rest().get(..len)).ok_or(Defect(CUT))?;
        self.at += table.len();
        slots.reserve(n_slots);
        for descriptor in table.as_chunks::<4>().0 {
            let len = u16::from_le_bytes([descriptor[0], descriptor[1]]);
            slots.push(Slot { kind: descriptor[2], start: self.at as u32, len });
            self.skip(usize::from(len), "a value ends outside of its record")?;
        }
        Ok((definition, template_id))
    }
}

/// Reads the nodes of a fragment, up to its end token or the end of the span.
pub(super) fn parse<'c>(
    cursor: &mut Cursor<'c>,
    grammar: Grammar,
    names: &mut NameTable<'c>,
) -> Result<Vec<Node>, Defect> {
    let mut nodes = Vec::new();
    while let Some(&token) = cursor.rest().first() {
        cursor.at += 1;
        match token {
            0x00 => break,
            0x0f => cursor.skip(3, "a fragment header is cut")?,
            _ => nodes.extend(node(token, cursor, grammar, names, 0)?),
        }
    }
    Ok(nodes)
}

/// Reads what a token begins; processing instructions give nothing.
fn node<'c>(
    token: u8,
    cursor: &mut Cursor<'c>,
    grammar: Grammar,
    names: &mut NameTable<'c>,
    depth: usize,
) -> Result<Option<Node>, Defect> {
    let text = |text: &str| Ok(Some(Node::Text(Arc::from(text))));
    match token {
        0x01 | 0x41 => {
            let has_attributes = token & 0x40 != 0;
            element(has_attributes, cursor, grammar, names, depth + 1).map(|element| Some(Node::Element(element)))
        }
        0x05 | 0x45 => text(&inline_value(cursor)?),
        0x07 | 0x47 => text(&counted_text(cursor)?),
        0x08 | 0x48 => {
            let unit = cursor.take(le_u16, "a character reference is cut")?;
            text(&String::from_utf16_lossy(&[unit]))
        }
        0x09 | 0x49 => match &*cursor.name(names)? {
            "lt" => text("<"),
            "gt" => text(">"),
            "amp" => text("&"),
            "quot" => text("\""),
            "apos" => text("'"),
            _ => Err(Defect("an entity is unknown")),
        },
        0x0a => cursor.name(names).map(|_| None),
        0x0b => counted_text(cursor).map(|_| None),
        0x0c => {
            let mut slots = Vec::new();
            let (definition, template_id) = cursor.instance(&mut slots)?;
            Ok(Some(Node::Instance(Instance { definition, template_id, slots })))
        }
        0x0d | 0x0e => {
            let (index, _kind) = cursor.take((le_u16, le_u8), "a substitution is cut")?;
            Ok(Some(Node::Substitution(index)))
        }
        _ => Err(Defect("a token is unknown")),
    }
}

fn element<'c>(
    has_attributes: bool,
    cursor: &mut Cursor<'c>,
    grammar: Grammar,
    names: &mut NameTable<'c>,
    depth: usize,
) -> Result<Element, Defect> {
    const CUT: &str = "an element is cut";
    if depth > MAX_DEPTH {
        return Err(Defect("elements are nested too deep"));
    }
    let dependency = match grammar {
        Grammar::Definition => Some(cursor.take(le_u16, CUT)?).filter(|index| *index != 0xffff),
        Grammar::Content => None,
    };
    cursor.skip(4, CUT)?; // The size is not needed: tokens end the element.
    let mut element = Element { name: cursor.name(names)?, dependency, attributes: Vec::new(), children: Vec::new() };
    if has_attributes {
        cursor.skip(4, CUT)?;
    }
    loop {
        match cursor.take(le_u8, CUT)? {
            0x06 | 0x46 => element.attributes.push((cursor.name(names)?, Vec::new())),
            0x02 => break,
            0x03 => return Ok(element),
            0x01 | 0x41 | 0x0c => return Err(Defect("an attribute holds an element")),
            token => {
                let part = node(token, cursor, grammar, names, depth)?;
                let (_, value) = element.attributes.last_mut().ok_or(Defect("a value stands before its attribute"))?;
                value.extend(part);
            }
        }
    }
    loop {
        match cursor.take(le_u8, CUT)? {
            0x04 => return Ok(element),
            token => element.children.extend(node(token, cursor, grammar, names, depth)?),
        }
    }
}

/// Reads a value that stands in the tokens: text, in practice.
fn inline_value(cursor: &mut Cursor<'_>) -> Result<String, Defect> {
    let kind = cursor.take(le_u8, "a value is cut")?;
    if kind == kind::STRING {
        return counted_text(cursor);
    }
    let len = values::fixed_width(kind).ok_or(Defect("a value in the tokens has no size"))?;
    let bytes = cursor.rest().get(..len).ok_or(Defect("a value is cut"))?;
    cursor.at += len;
    let mut text = String::new();
    values::write(kind, bytes, &mut text)?;
    Ok(text)
}

fn counted_text(cursor: &mut Cursor<'_>) -> Result<String, Defect> {
    let len = 2 * usize::from(cursor.take(le_u16, "a text is cut")?);
    let units = cursor.rest().get(..len).ok_or(Defect("a text is cut"))?;
    cursor.at += len;
    let mut text = String::new();
    utf16::append(units, &mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push_name(bytes: &mut Vec<u8>, name: &str) {
        let offset = bytes.len() as u32 + 4;
        bytes.extend(offset.to_le_bytes());
        let hash = name.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(65_599).wrapping_add(unit.into()));
        bytes.extend([0; 4]);
        bytes.extend((hash as u16).to_le_bytes());
        bytes.extend((name.len() as u16).to_le_bytes());
        bytes.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
        bytes.extend([0, 0]);
    }

    fn parsed(bytes: &[u8], grammar: Grammar) -> Result<Vec<Node>, Defect> {
        parse(&mut Cursor::new(bytes, 0..bytes.len())?, grammar, &mut NameTable::new(bytes))
    }

    #[test]
    fn an_element_has_attributes_children_and_a_dependency() {
        let mut bytes = vec![0x0f, 1, 1, 0, 0x41, 3, 0, 0, 0, 0, 0];
        push_name(&mut bytes, "Data");
        bytes.extend([0; 4]);
        bytes.push(0x06);
        push_name(&mut bytes, "Name");
        bytes.extend([0x05, 0x01, 1, 0, b'x', 0]);
        bytes.extend([0x02, 0x0e, 3, 0, 0x01, 0x04, 0x00]);
        let expected = Element {
            name: "Data".into(),
            dependency: Some(3),
            attributes: vec![("Name".into(), vec![Node::Text("x".into())])],
            children: vec![Node::Substitution(3)],
        };
        assert_eq!(parsed(&bytes, Grammar::Definition), Ok(vec![Node::Element(expected)]));
        for len in 5..bytes.len() - 1 {
            assert!(parsed(&bytes[..len], Grammar::Definition).is_err(), "{len}");
        }
    }

    #[test]
    fn elements_in_elements_without_end_are_a_defect_and_no_overflow() {
        let mut bytes = Vec::new();
        push_name(&mut bytes, "E");
        let first = bytes.len();
        for _ in 0..5_000 {
            bytes.extend([0x01, 0, 0, 0, 0, 4, 0, 0, 0, 0x02]);
        }
        let mut cursor = Cursor::new(&bytes, first..bytes.len()).unwrap();
        let outcome = parse(&mut cursor, Grammar::Content, &mut NameTable::new(&bytes));
        assert_eq!(outcome, Err(Defect("elements are nested too deep")));
    }

    #[test]
    fn more_values_than_bytes_are_a_defect_before_memory_is_taken() {
        let mut bytes = vec![1, 0, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend(u32::MAX.to_le_bytes());
        let mut slots = Vec::new();
        let outcome = Cursor::new(&bytes, 0..bytes.len()).unwrap().instance(&mut slots);
        assert_eq!(outcome, Err(Defect("a template instance is cut")));
        assert_eq!(slots.capacity(), 0);
    }
}
