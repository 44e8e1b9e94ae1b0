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

/// The bytes that begin the parts of a fragment.
pub(super) mod token {
    pub(in super::super) const END: u8 = 0x00;
    pub(in super::super) const ELEMENT: u8 = 0x01;
    pub(in super::super) const ELEMENT_WITH_ATTRIBUTES: u8 = 0x41;
    pub(in super::super) const CLOSE_START: u8 = 0x02;
    pub(in super::super) const CLOSE_EMPTY: u8 = 0x03;
    pub(in super::super) const END_ELEMENT: u8 = 0x04;
    pub(in super::super) const LAST_ATTRIBUTE: u8 = 0x06;
    pub(in super::super) const ATTRIBUTE: u8 = 0x46;
    pub(in super::super) const INSTANCE: u8 = 0x0c;
    pub(in super::super) const FRAGMENT_HEADER: u8 = 0x0f;

    pub(in super::super) const VALUE: u8 = 0x05;
    pub(in super::super) const CHARACTERS: u8 = 0x07;
    pub(in super::super) const CHARACTER: u8 = 0x08;
    pub(in super::super) const ENTITY: u8 = 0x09;
    /// Set in a token that is followed by more of its kind.
    pub(in super::super) const MORE: u8 = 0x40;

    /// Whether these bytes begin an element, perhaps behind the header of a fragment.
    pub(in super::super) fn begin_element(bytes: &[u8]) -> bool {
        matches!(
            bytes,
            [FRAGMENT_HEADER, _, _, _, ELEMENT | ELEMENT_WITH_ATTRIBUTES, ..] | [ELEMENT | ELEMENT_WITH_ATTRIBUTES, ..]
        )
    }

    /// Whether a value, characters, a character or an entity follow.
    pub(in super::super) fn is_text(token: u8) -> bool {
        matches!(token & !MORE, VALUE | CHARACTERS | CHARACTER | ENTITY)
    }
}

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

impl Node {
    /// The text, of a node that is text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
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
}

/// Bytes of the link before a name.
pub(super) const NAME_LINK_LEN: usize = 4;
/// Bytes of hash and length before its units.
const NAME_HEADER_LEN: usize = 4;
/// Bytes of the NUL behind its units.
pub(super) const NAME_END_LEN: usize = 2;

/// Returns hash, length and units of a name: all that makes it this name.
pub(super) fn name_bytes(chunk: &[u8], offset: u32) -> Result<&[u8], Defect> {
    let n_bytes = NAME_HEADER_LEN + name_units(chunk, offset)?.len();
    Ok(&chunk[offset as usize + NAME_LINK_LEN..][..n_bytes])
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

/// What differs between two copies of one fragment, because names stand where a chunk first needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// The size of what follows, names included; nobody needs it.
    Size,
    /// The offset of a name, and whether the name itself follows.
    Name {
        /// The offset.
        offset: u32,
        /// Whether the name follows.
        is_inline: bool,
    },
}

/// A span of a chunk from which tokens are read.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'c> {
    chunk: &'c [u8],
    at: usize,
    end: usize,
    /// The places of all spots passed, if somebody wants them.
    spots: Option<Vec<(usize, Spot)>>,
}

impl<'c> Cursor<'c> {
    /// Begins at the first byte of the span.
    pub(super) fn new(chunk: &'c [u8], span: std::ops::Range<usize>) -> Result<Self, Defect> {
        if span.start > span.end || span.end > chunk.len() {
            return Err(Defect("a fragment lies outside of its chunk"));
        }
        Ok(Self { chunk, at: span.start, end: span.end, spots: None })
    }

    /// The same, noting what differs between copies.
    pub(super) fn noting(chunk: &'c [u8], span: std::ops::Range<usize>) -> Result<Self, Defect> {
        Ok(Self { spots: Some(Vec::new()), ..Self::new(chunk, span)? })
    }

    /// Returns the spots passed, with their places in the chunk.
    pub(super) fn into_spots(self) -> Vec<(usize, Spot)> {
        self.spots.unwrap_or_default()
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

    /// Passes over bytes.
    pub(super) fn skip(&mut self, len: usize, what: &'static str) -> Result<(), Defect> {
        self.at = self.at.checked_add(len).filter(|at| *at <= self.end).ok_or(Defect(what))?;
        Ok(())
    }

    /// Reads the reference to a name, and passes over the name where it follows.
    pub(super) fn name(&mut self, names: &mut NameTable<'c>) -> Result<Name, Defect> {
        let offset = self.take(le_u32, "a name is cut")?;
        let name = names.at(offset)?;
        let is_inline = offset as usize == self.at;
        self.note(4, Spot::Name { offset, is_inline });
        if is_inline {
            let name = name_bytes(self.chunk, offset)?;
            self.skip(NAME_LINK_LEN + name.len() + NAME_END_LEN, "a name is cut")?;
        }
        Ok(name)
    }

    /// Passes over the size of what follows.
    fn size(&mut self, what: &'static str) -> Result<(), Defect> {
        self.skip(4, what)?;
        self.note(4, Spot::Size);
        Ok(())
    }

    fn note(&mut self, n_bytes_passed: usize, spot: Spot) {
        if let Some(spots) = &mut self.spots {
            spots.push((self.at - n_bytes_passed, spot));
        }
    }

    /// Reads the beginning of a template instance behind its token, up to the values.
    ///
    /// Every record costs this, so it reads plain slices.
    #[inline]
    pub(super) fn instance(&mut self) -> Result<InstanceHead<'c>, Defect> {
        const CUT: Defect = Defect("a template instance is cut");
        let u32_of =
            |bytes: &[u8; 13], at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let head: &[u8; 13] = self.rest().first_chunk().ok_or(CUT)?;
        let (template_id, definition) = (u32_of(head, 1), u32_of(head, 5));
        self.at += 9;
        let n_slots = if definition as usize == self.at {
            // The definition itself follows: link, GUID, size, tokens.
            self.skip(20, CUT.0)?;
            let len = self.take(le_u32, CUT.0)? as usize;
            self.skip(len, CUT.0)?;
            self.take(le_u32, CUT.0)?
        } else {
            self.at += 4;
            u32_of(head, 9)
        } as usize;
        let descriptors = n_slots.checked_mul(4).and_then(|len| self.rest().get(..len)).ok_or(CUT)?;
        self.at += descriptors.len();
        Ok(InstanceHead { definition, template_id, descriptors })
    }

    /// Passes over values and adds their slots; their bytes stay where they are.
    #[inline]
    pub(super) fn slots(&mut self, descriptors: &[u8], slots: &mut Vec<Slot>) -> Result<(), Defect> {
        let mut at = self.at;
        slots.extend(descriptors.as_chunks::<4>().0.iter().map(|descriptor| {
            let slot = Slot::new(*descriptor, at as u32);
            at += slot.len();
            slot
        }));
        if at > self.end {
            return Err(Defect("a value ends outside of its record"));
        }
        self.at = at;
        Ok(())
    }

    /// The place of the next byte in the chunk.
    pub(super) fn at(&self) -> usize {
        self.at
    }
}

/// The beginning of a template instance.
#[derive(Clone, Copy, Debug)]
pub(super) struct InstanceHead<'c> {
    /// The offset of the definition in the chunk.
    pub(super) definition: u32,
    /// The first four bytes of the definition's GUID, as the instance states them.
    pub(super) template_id: u32,
    /// Size and type of each value, in four bytes.
    pub(super) descriptors: &'c [u8],
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
            token::END => break,
            token::FRAGMENT_HEADER => cursor.skip(3, "a fragment header is cut")?,
            _ => nodes.extend(node(token, cursor, grammar, names, 0)?),
        }
    }
    Ok(nodes)
}

/// Reads what a token begins; processing instructions give nothing.
pub(super) fn node<'c>(
    token: u8,
    cursor: &mut Cursor<'c>,
    grammar: Grammar,
    names: &mut NameTable<'c>,
    depth: usize,
) -> Result<Option<Node>, Defect> {
    if token::is_text(token) {
        let mut text = String::new();
        append_text(token, cursor, names, &mut text)?;
        return Ok(Some(Node::Text(Arc::from(text))));
    }
    match token {
        token::ELEMENT | token::ELEMENT_WITH_ATTRIBUTES => {
            let has_attributes = token == token::ELEMENT_WITH_ATTRIBUTES;
            element(has_attributes, cursor, grammar, names, depth + 1).map(|element| Some(Node::Element(element)))
        }
        0x0a => cursor.name(names).map(|_| None),
        0x0b => append_counted(cursor, &mut String::new()).map(|()| None),
        token::INSTANCE => {
            let mut slots = Vec::new();
            let InstanceHead { definition, template_id, descriptors } = cursor.instance()?;
            cursor.slots(descriptors, &mut slots)?;
            Ok(Some(Node::Instance(Instance { definition, template_id, slots })))
        }
        0x0d | 0x0e => {
            let (index, _kind) = cursor.take((le_u16, le_u8), "a substitution is cut")?;
            Ok(Some(Node::Substitution(index)))
        }
        _ => Err(Defect("a token is unknown")),
    }
}

/// Reads the beginning of an element behind its token: the name, and on what it depends.
pub(super) fn element_head<'c>(
    has_attributes: bool,
    cursor: &mut Cursor<'c>,
    grammar: Grammar,
    names: &mut NameTable<'c>,
) -> Result<(Name, Option<u16>), Defect> {
    const CUT: &str = "an element is cut";
    let dependency = match grammar {
        Grammar::Definition => Some(cursor.take(le_u16, CUT)?).filter(|index| *index != 0xffff),
        Grammar::Content => None,
    };
    cursor.size(CUT)?; // Tokens end the element.
    let name = cursor.name(names)?;
    if has_attributes {
        cursor.size(CUT)?;
    }
    Ok((name, dependency))
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
    let (name, dependency) = element_head(has_attributes, cursor, grammar, names)?;
    let mut element = Element { name, dependency, attributes: Vec::new(), children: Vec::new() };
    loop {
        match cursor.take(le_u8, CUT)? {
            token::ATTRIBUTE | token::LAST_ATTRIBUTE => element.attributes.push((cursor.name(names)?, Vec::new())),
            token::CLOSE_START => break,
            token::CLOSE_EMPTY => return Ok(element),
            token::ELEMENT | token::ELEMENT_WITH_ATTRIBUTES | token::INSTANCE => {
                return Err(Defect("an attribute holds an element"));
            }
            token => {
                let part = node(token, cursor, grammar, names, depth)?;
                let (_, value) = element.attributes.last_mut().ok_or(Defect("a value stands before its attribute"))?;
                value.extend(part);
            }
        }
    }
    loop {
        match cursor.take(le_u8, CUT)? {
            token::END_ELEMENT => return Ok(element),
            token => element.children.extend(node(token, cursor, grammar, names, depth)?),
        }
    }
}

/// Appends the text that a token begins: a value, characters, a character or an entity.
pub(super) fn append_text<'c>(
    token: u8,
    cursor: &mut Cursor<'c>,
    names: &mut NameTable<'c>,
    out: &mut String,
) -> Result<(), Defect> {
    match token & !token::MORE {
        token::VALUE => append_value(cursor, out)?,
        token::CHARACTERS => append_counted(cursor, out)?,
        token::CHARACTER => {
            let unit = cursor.take(le_u16, "a character reference is cut")?;
            out.push_str(&String::from_utf16_lossy(&[unit]));
        }
        token::ENTITY => out.push_str(match &*cursor.name(names)? {
            "lt" => "<",
            "gt" => ">",
            "amp" => "&",
            "quot" => "\"",
            "apos" => "'",
            _ => return Err(Defect("an entity is unknown")),
        }),
        _ => return Err(Defect("a token is unknown")),
    }
    Ok(())
}

/// Appends a value that stands in the tokens: text, in practice.
fn append_value(cursor: &mut Cursor<'_>, out: &mut String) -> Result<(), Defect> {
    let kind = cursor.take(le_u8, "a value is cut")?;
    if kind == kind::STRING {
        return append_counted(cursor, out);
    }
    let len = values::fixed_width(kind).ok_or(Defect("a value in the tokens has no size"))?;
    let bytes = cursor.rest().get(..len).ok_or(Defect("a value is cut"))?;
    cursor.at += len;
    values::write(kind, bytes, out)
}

fn append_counted(cursor: &mut Cursor<'_>, out: &mut String) -> Result<(), Defect> {
    let len = 2 * usize::from(cursor.take(le_u16, "a text is cut")?);
    let units = cursor.rest().get(..len).ok_or(Defect("a text is cut"))?;
    cursor.at += len;
    utf16::append(units, out)
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
        let outcome = Cursor::new(&bytes, 0..bytes.len()).unwrap().instance();
        assert_eq!(outcome.err(), Some(Defect("a template instance is cut")));
    }
}
