//! Template definitions, each compiled once and kept for the chunks to come.
//!
//! A chunk holds the definitions that its records use, so the same definition comes again in the
//! next chunk. Two are the same if their bytes are and if every name they refer to is: a name may
//! stand outside the definition, so equal bytes alone prove nothing.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, RwLock};

use nom::Parser;
use nom::bytes::complete::take;
use nom::number::complete::le_u32;

use super::Defect;
use super::fragment::{self, Cursor, Grammar, NameTable, Node};
use super::projection::Projection;
use crate::model::Name;

/// Bytes of link, GUID and size before the tokens.
const HEADER_LEN: usize = 24;
/// Bytes of definitions that are kept over all chunks; beyond it they are compiled once a chunk.
const MAX_KEPT_LEN: usize = 16 << 20;
/// Bytes of definitions that one chunk may have compiled: sound ones do not overlap.
const MAX_COMPILED_LEN: usize = 1 << 20;

/// A compiled definition.
#[derive(Debug)]
pub(super) struct Template {
    /// The first four bytes of its GUID, which instances repeat.
    pub(super) id: u32,
    /// The tree with holes.
    pub(super) nodes: Vec<Node>,
    /// Where the fields are; `None` if only walking the tree tells.
    pub(super) projection: Option<Projection>,
    /// The names it refers to, by their offset in the chunk.
    names: Vec<(u32, Name)>,
}

/// A definition as one chunk's records hold it.
///
/// Counted by the chunk's own worker, so that a record's use of it costs no traffic between processors.
pub(super) type Handle = Rc<Arc<Template>>;

/// The definitions that chunks have in common, by their bytes (GUID first).
#[derive(Debug, Default)]
pub(super) struct SharedTemplates {
    known: RwLock<Known>,
}

#[derive(Debug, Default)]
struct Known {
    by_bytes: BTreeMap<Box<[u8]>, Vec<Arc<Template>>>,
    len: usize,
}

impl SharedTemplates {
    fn find(&self, bytes: &[u8], chunk: &[u8]) -> Option<Arc<Template>> {
        let known = self.known.read().ok()?;
        let same_bytes = known.by_bytes.get(bytes)?;
        let is_same =
            |template: &&Arc<Template>| template.names.iter().all(|(at, name)| fragment::has_name(chunk, *at, name));
        same_bytes.iter().find(is_same).map(Arc::clone)
    }

    fn keep(&self, bytes: &[u8], template: &Arc<Template>) {
        let Ok(mut known) = self.known.write() else { return };
        if known.len + bytes.len() <= MAX_KEPT_LEN {
            known.len += bytes.len();
            known.by_bytes.entry(bytes.into()).or_default().push(Arc::clone(template));
        }
    }
}

/// The definitions of one chunk, found when an instance refers to them.
#[derive(Debug)]
pub(super) struct Templates<'c> {
    chunk: &'c [u8],
    shared: &'c SharedTemplates,
    by_offset: BTreeMap<u32, Result<Handle, Defect>>,
    /// The last ones asked for: a record and its nested part.
    recent: [Option<(u32, Handle)>; 16],
    n_compiled: usize,
}

impl<'c> Templates<'c> {
    /// Knows none yet.
    pub(super) fn new(chunk: &'c [u8], shared: &'c SharedTemplates) -> Self {
        Self { chunk, shared, by_offset: BTreeMap::new(), recent: Default::default(), n_compiled: 0 }
    }

    /// Returns the definition at an offset, if its GUID begins as the instance says.
    ///
    /// In a chunk that was reused, another definition may stand where an old record's was.
    pub(super) fn at(&mut self, offset: u32, id: u32) -> Result<Handle, Defect> {
        let place = (offset ^ offset >> 4) as usize % self.recent.len();
        let template = match &self.recent[place] {
            Some((known, template)) if *known == offset => Rc::clone(template),
            _ => {
                let template = self.look_up(offset)?;
                self.recent[place] = Some((offset, Rc::clone(&template)));
                template
            }
        };
        if template.id == id { Ok(template) } else { Err(Defect("a template is not the one that its record names")) }
    }

    fn look_up(&mut self, offset: u32) -> Result<Handle, Defect> {
        if let Some(known) = self.by_offset.get(&offset) {
            return known.clone();
        }
        let template = self.read(offset).map(Rc::new);
        self.by_offset.insert(offset, template.clone());
        template
    }

    fn read(&mut self, offset: u32) -> Result<Arc<Template>, Defect> {
        const CUT: Defect = Defect("a template definition lies outside of its chunk");
        let start = offset as usize;
        let header: nom::IResult<_, _, ()> =
            (le_u32, take(16_usize), le_u32).parse(self.chunk.get(start..).ok_or(CUT)?);
        let (rest, (_next, guid, len)) = header.map_err(|_| CUT)?;
        let tokens = rest.get(..len as usize).ok_or(CUT)?;
        let bytes = &self.chunk[start + 4..start + HEADER_LEN + tokens.len()];
        if let Some(template) = self.shared.find(bytes, self.chunk) {
            return Ok(template);
        }
        self.n_compiled += bytes.len();
        if self.n_compiled > MAX_COMPILED_LEN {
            return Err(Defect("the template definitions of a chunk overlap"));
        }
        let template = Arc::new(self.compile(start + HEADER_LEN..start + HEADER_LEN + tokens.len(), guid)?);
        self.shared.keep(bytes, &template);
        Ok(template)
    }

    fn compile(&self, span: std::ops::Range<usize>, guid: &[u8]) -> Result<Template, Defect> {
        let mut names = NameTable::new(self.chunk);
        let nodes = fragment::parse(&mut Cursor::new(self.chunk, span)?, Grammar::Definition, &mut names)?;
        Ok(Template {
            id: guid.iter().take(4).rev().fold(0, |id, byte| id << 8 | u32::from(*byte)),
            projection: Projection::of(&nodes),
            nodes,
            names: names.into_known(),
        })
    }
}
