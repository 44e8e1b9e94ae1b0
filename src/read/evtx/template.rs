//! Template definitions, each compiled once and kept for the chunks to come.
//!
//! A chunk holds the definitions that its records use, so the same definition comes again in the
//! next chunk. Its bytes differ from chunk to chunk all the same: names are referred to by their
//! offset, and stand where a chunk first needs them, inside of one definition or the other. So two
//! definitions are the same if their tokens are and if every name they refer to is.
//!
//! Chunks of one log often begin alike. A copy that was compared once is remembered with its place,
//! and one that has the same bytes in the same place is known after one comparison, and one for each
//! name that stands outside of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::le_u32;

use super::Defect;
use super::dictionary::Dictionary;
use super::fragment::{self, Cursor, Grammar, NAME_END_LEN, NAME_LINK_LEN, NameTable, Node, Spot};
use super::layout::Layouts;
use super::plain::{PlainLeaf, plain};
use super::projection::{Leaf, Projection};
use crate::read::selection::Fields;

/// Bytes of link, GUID and size before the tokens.
const HEADER_LEN: usize = 24;
/// Bytes of definitions after which a library is full; a log uses some hundred KiB.
const MAX_KEPT_LEN: usize = 4 << 20;
/// Bytes of copies after which they are forgotten.
const MAX_COPIES_LEN: usize = 4 << 20;
/// Bytes of definitions that one chunk may have compiled: sound ones do not overlap.
const MAX_COMPILED_LEN: usize = 1 << 20;

/// A compiled definition.
#[derive(Debug)]
pub(super) struct Template {
    guid: [u8; 16],
    /// The tree with holes.
    pub(super) nodes: Arc<[Node]>,
    /// Where the fields are; `None` if only walking the tree tells.
    pub(super) projection: Option<Projection>,
    /// Where the `System` values of its records are.
    pub(super) layouts: Layouts,
    /// Its leaves as far as a kind of record wants them, by the kind's number.
    picked: Vec<(u32, Picked)>,
    /// Its tokens, as the parts that all copies share.
    parts: Vec<Part>,
}

/// Leaves that a kind of record wants.
#[derive(Clone, Debug)]
pub(super) struct Picked {
    /// All of them.
    pub(super) leaves: Arc<[Leaf]>,
    /// The same, if all of them are plain.
    pub(super) plain: Option<Arc<[PlainLeaf]>>,
}

/// Tokens that all copies of a definition share, and what follows them.
#[derive(Debug)]
struct Part {
    tokens: Box<[u8]>,
    then: Then,
}

/// What follows tokens that all copies share.
#[derive(Debug)]
enum Then {
    /// A size, which differs.
    Size,
    /// The offset of the name with these bytes, and the name if it stands first here.
    Name(Box<[u8]>),
    /// The end of the definition.
    End,
}

/// A definition as it stands in one place: the bytes, and which names outside of them it refers to.
#[derive(Debug)]
struct Copy {
    template: usize,
    bytes: Box<[u8]>,
    /// The offset of each name, and the part of the template that it follows.
    names: Box<[(u32, u16)]>,
}

impl Template {
    /// Returns the leaves that a kind of record wants, chosen once.
    #[inline]
    pub(super) fn picked(&mut self, kind: u32, fields: &Fields, dictionary: &Dictionary) -> &Picked {
        let known = self.picked.iter().position(|(known, _)| *known == kind);
        let known = known.unwrap_or_else(|| {
            self.picked.push((kind, self.pick(fields, dictionary)));
            self.picked.len() - 1
        });
        &self.picked[known].1
    }

    fn pick(&self, fields: &Fields, dictionary: &Dictionary) -> Picked {
        let is_wanted = |leaf: &&Leaf| match leaf {
            Leaf::Value { name, .. } => fields.want(dictionary.text(*name).map(|name| &**name)),
            Leaf::NestedData(_) | Leaf::NestedPart { .. } => true,
        };
        let all = self.projection.iter().flat_map(|projection| projection.leaves.iter());
        let leaves: Arc<[Leaf]> = all.filter(is_wanted).cloned().collect();
        Picked { plain: plain(&leaves).map(Arc::from), leaves }
    }

    /// Compares the tokens at a place with this definition's; returns the names that stand outside of them.
    fn compare(&self, chunk: &[u8], span: &std::ops::Range<usize>) -> Option<Vec<(u32, u16)>> {
        let mut names = Vec::new();
        let mut at = span.start;
        for (number, part) in self.parts.iter().enumerate() {
            let rest = chunk.get(at..span.end)?.strip_prefix(&part.tokens[..])?;
            at = span.end - rest.len();
            match &part.then {
                Then::End => {}
                Then::Size => at += 4,
                Then::Name(name) => {
                    let offset = u32::from_le_bytes(*rest.first_chunk()?);
                    at += 4;
                    if !is_name_at(chunk, offset, name) {
                        return None;
                    }
                    if offset as usize == at {
                        at += NAME_LINK_LEN + name.len() + NAME_END_LEN;
                    } else if !span.contains(&(offset as usize)) {
                        names.push((offset, u16::try_from(number).ok()?));
                    }
                }
            }
        }
        (at == span.end).then_some(names)
    }

    /// The name that follows a part; empty if none does.
    fn name(&self, part: u16) -> &[u8] {
        match self.parts.get(usize::from(part)).map(|part| &part.then) {
            Some(Then::Name(name)) => name,
            _ => &[],
        }
    }
}

/// Whether a chunk holds a name at an offset.
#[inline]
fn is_name_at(chunk: &[u8], offset: u32, name: &[u8]) -> bool {
    chunk.get(offset as usize + NAME_LINK_LEN..).is_some_and(|rest| rest.starts_with(name))
}

/// The parts of a definition that all of its copies share.
fn parts(chunk: &[u8], span: &std::ops::Range<usize>, spots: &[(usize, Spot)]) -> Result<Vec<Part>, Defect> {
    let mut parts = Vec::with_capacity(spots.len() + 1);
    let mut from = span.start;
    for (at, spot) in spots {
        let tokens = chunk[from..*at].into();
        from = at + 4;
        let then = match spot {
            Spot::Size => Then::Size,
            Spot::Name { offset, is_inline } => {
                let name = fragment::name_bytes(chunk, *offset)?;
                from += if *is_inline { NAME_LINK_LEN + name.len() + NAME_END_LEN } else { 0 };
                Then::Name(name.into())
            }
        };
        parts.push(Part { tokens, then });
    }
    parts.push(Part { tokens: chunk[from..span.end].into(), then: Then::End });
    Ok(parts)
}

/// The definitions that one worker met, in all chunks so far.
#[derive(Debug, Default)]
pub(super) struct Library {
    templates: Vec<Template>,
    by_guid: BTreeMap<[u8; 16], Vec<usize>>,
    /// By offset and beginning of the GUID.
    copies: BTreeMap<(u32, u32), Vec<Copy>>,
    len: usize,
    copies_len: usize,
}

impl Library {
    /// Returns a template by its number.
    pub(super) fn get(&self, number: usize) -> &Template {
        &self.templates[number]
    }

    /// The same, to be added to.
    pub(super) fn get_mut(&mut self, number: usize) -> &mut Template {
        &mut self.templates[number]
    }

    /// Whether it is time to begin a new one.
    pub(super) fn is_full(&self) -> bool {
        self.len > MAX_KEPT_LEN
    }

    /// Finds the definition whose tokens these are.
    fn find(&mut self, guid: &[u8; 16], chunk: &[u8], span: &std::ops::Range<usize>) -> Option<usize> {
        let place = (span.start as u32, id_of(guid));
        let bytes = &chunk[span.clone()];
        let is_same = |copy: &&Copy| {
            let template = &self.templates[copy.template];
            *copy.bytes == *bytes
                && template.guid == *guid
                && copy.names.iter().all(|(offset, part)| is_name_at(chunk, *offset, template.name(*part)))
        };
        if let Some(copy) = self.copies.get(&place).and_then(|copies| copies.iter().find(is_same)) {
            return Some(copy.template);
        }
        let known = self.by_guid.get(guid)?;
        let same = |number: &usize| self.templates[*number].compare(chunk, span).map(|names| (*number, names));
        let (template, names) = known.iter().find_map(same)?;
        if self.copies_len > MAX_COPIES_LEN {
            self.copies_len = 0;
            self.copies.clear();
        }
        self.copies_len += bytes.len();
        self.copies.entry(place).or_default().push(Copy { template, bytes: bytes.into(), names: names.into() });
        Some(template)
    }

    fn keep(&mut self, template: Template, len: usize) -> usize {
        let number = self.templates.len();
        self.len += len;
        self.by_guid.entry(template.guid).or_default().push(number);
        self.templates.push(template);
        number
    }
}

/// The beginning of a GUID, which instances repeat.
fn id_of(guid: &[u8; 16]) -> u32 {
    u32::from_le_bytes([guid[0], guid[1], guid[2], guid[3]])
}

/// The definitions of one chunk, found when an instance refers to them.
#[derive(Debug)]
pub(super) struct Templates<'c> {
    chunk: &'c [u8],
    by_offset: BTreeMap<u32, Result<usize, Defect>>,
    /// The last ones asked for, with offset, beginning of the GUID and number.
    recent: [(u32, u32, usize); 32],
    n_compiled: usize,
}

/// What compiling needs beside the chunk.
pub(super) struct Shelf<'w> {
    /// The definitions of all chunks.
    pub(super) library: &'w mut Library,
    /// The texts of all chunks.
    pub(super) dictionary: &'w mut Dictionary,
}

impl<'c> Templates<'c> {
    /// Knows none yet.
    pub(super) fn new(chunk: &'c [u8]) -> Self {
        Self { chunk, by_offset: BTreeMap::new(), recent: [(u32::MAX, 0, 0); 32], n_compiled: 0 }
    }

    /// Returns the number of the definition at an offset, if its GUID begins as the instance says.
    ///
    /// In a chunk that was reused, another definition may stand where an old record's was.
    #[inline]
    pub(super) fn at(&mut self, offset: u32, id: u32, shelf: &mut Shelf<'_>) -> Result<usize, Defect> {
        let place = (offset ^ offset >> 5) as usize % self.recent.len();
        let (recent_offset, recent_id, number) = self.recent[place];
        if recent_offset == offset && recent_id == id {
            return Ok(number);
        }
        let number = self.look_up(offset, shelf)?;
        if id_of(&shelf.library.get(number).guid) != id {
            return Err(Defect("a template is not the one that its record names"));
        }
        self.recent[place] = (offset, id, number);
        Ok(number)
    }

    fn look_up(&mut self, offset: u32, shelf: &mut Shelf<'_>) -> Result<usize, Defect> {
        if let Some(known) = self.by_offset.get(&offset) {
            return *known;
        }
        let number = self.read(offset, shelf);
        self.by_offset.insert(offset, number);
        number
    }

    fn read(&mut self, offset: u32, shelf: &mut Shelf<'_>) -> Result<usize, Defect> {
        const CUT: Defect = Defect("a template definition lies outside of its chunk");
        let start = offset as usize;
        let header: nom::IResult<_, _, ()> =
            (le_u32, take(16_usize), le_u32).parse(self.chunk.get(start..).ok_or(CUT)?);
        let (rest, (_next, guid, len)) = header.map_err(|_| CUT)?;
        let guid: [u8; 16] = guid.try_into().map_err(|_| CUT)?;
        let len = rest.get(..len as usize).ok_or(CUT)?.len();
        let span = start + HEADER_LEN..start + HEADER_LEN + len;
        if let Some(number) = shelf.library.find(&guid, self.chunk, &span) {
            return Ok(number);
        }
        self.n_compiled += HEADER_LEN + len;
        if self.n_compiled > MAX_COMPILED_LEN {
            return Err(Defect("the template definitions of a chunk overlap"));
        }
        let mut names = NameTable::new(self.chunk);
        let mut cursor = Cursor::noting(self.chunk, span.clone())?;
        let nodes = fragment::parse(&mut cursor, Grammar::Definition, &mut names)?;
        let template = Template {
            guid,
            projection: Projection::of(&nodes, shelf.dictionary),
            nodes: nodes.into(),
            layouts: Layouts::default(),
            picked: Vec::new(),
            parts: parts(self.chunk, &span, &cursor.into_spots())?,
        };
        Ok(shelf.library.keep(template, len))
    }
}
