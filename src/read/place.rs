//! Where the bytes of a source lie, and how to get at them again.
//!
//! A source is opened at least twice: once to see what it is, once to read it. So a place is a
//! recipe: a base that can be opened any number of times, a region of it, and the coats
//! (compression, bounds) to take off. A member of an archive is read straight from the archive's file by
//! position; nothing is unpacked to the disk, and a name inside an archive is never used as a path.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::bufread::DeflateDecoder;

use super::codec::Codec;

/// Bytes read from a file at a time: fits a core's cache, which measured three times faster than 1 MiB.
pub(super) const BLOCK: usize = 64 * 1024;
/// What standard input or a nested archive may hold in memory; more goes to a temporary file.
const SPOOL_IN_MEMORY: usize = 8 << 20;
/// What all of a run may hold together.
const ROOM_IN_MEMORY: usize = 32 << 20;

/// Where bytes lie that can be opened any number of times.
#[derive(Clone, Debug)]
enum Base {
    /// A file of the user.
    File(PathBuf),
    /// Bytes held in memory.
    Memory(Arc<[u8]>),
    /// A temporary file, removed with its last place.
    Spool(Arc<tempfile::TempPath>),
}

/// One layer around the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coat {
    /// A compressed stream.
    Packed(Codec),
    /// A deflated stream without any header, as zip archives hold it.
    Deflated,
    /// A member of a zip archive is held to what the directory says of it.
    Member {
        /// Its length.
        n_bytes: u64,
        /// Its checksum.
        crc32: u32,
    },
    /// No more than so many bytes come out of what is below.
    Bound(u64),
}

/// Where the bytes of a source lie.
#[derive(Clone, Debug)]
pub(super) struct Place {
    base: Base,
    region: Option<(u64, u64)>,
    coats: Vec<Coat>,
}

/// The memory that is left for streams that cannot be opened again.
#[derive(Debug)]
pub(super) struct Room(AtomicUsize);

impl Room {
    /// The room of a run.
    pub(super) fn new() -> Self {
        Self(AtomicUsize::new(ROOM_IN_MEMORY))
    }

    /// Takes `n_bytes` of it; `false`, and nothing taken, if there is less.
    fn take(&self, n_bytes: usize) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(n_bytes)).is_ok()
    }
}

/// Bytes with a position.
pub(super) trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// The error of a reader that met its bound.
#[derive(Debug, thiserror::Error)]
#[error("expands beyond the bound")]
pub(super) struct Excess;

impl Place {
    /// A file.
    pub(super) fn file(path: PathBuf) -> Self {
        Self::of(Base::File(path))
    }

    /// Bytes in memory.
    pub(super) fn memory(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::of(Base::Memory(bytes.into()))
    }

    fn of(base: Base) -> Self {
        Self { base, region: None, coats: Vec::new() }
    }

    /// Copies a stream that cannot be opened again; small ones to memory, others to a temporary file.
    pub(super) fn spool(stream: &mut dyn Read, room: &Room) -> io::Result<Self> {
        let (place, failure) = Self::spool_start(stream, room)?;
        failure.map_or(Ok(place), Err)
    }

    /// The same, of a stream that may break off: what came before, and why no more came.
    pub(super) fn spool_start(stream: &mut dyn Read, room: &Room) -> io::Result<(Self, Option<io::Error>)> {
        let mut spool = Spool::new();
        let failure = spool.take(stream)?;
        Ok((spool.finish(room)?, failure))
    }

    /// The same with one more layer to take off.
    #[must_use]
    pub(super) fn coated(mut self, coat: Coat) -> Self {
        self.coats.push(coat);
        self
    }

    /// The `len` bytes from `start`, of a place without coats.
    #[must_use]
    pub(super) fn within(&self, start: u64, len: u64) -> Self {
        debug_assert!(self.is_seekable(), "a region lies in bytes that can be addressed");
        let start = start.saturating_add(self.region.map_or(0, |(outer, _)| outer));
        Self { region: Some((start, len)), ..self.clone() }
    }

    /// The same, from which at most `n_bytes` come.
    #[must_use]
    pub(super) fn bounded(self, n_bytes: u64) -> Self {
        self.coated(Coat::Bound(n_bytes))
    }

    /// Whether its bytes can be addressed by position.
    pub(super) fn is_seekable(&self) -> bool {
        self.coats.is_empty()
    }

    /// Whether it lies in an archive or is compressed.
    pub(super) fn is_packed(&self) -> bool {
        !self.coats.is_empty()
    }

    /// Whether a compressed stream is the last thing that was opened.
    pub(super) fn is_stream(&self) -> bool {
        matches!(self.coats.as_slice(), [.., Coat::Packed(_), Coat::Bound(_)])
    }

    /// A stored member of an archive seen as plain bytes, so that an archive in it needs no copy.
    #[must_use]
    pub(super) fn uncoated_if_stored(&self) -> Self {
        match self.coats.as_slice() {
            [Coat::Member { .. }] => Self { coats: Vec::new(), ..self.clone() },
            _ => self.clone(),
        }
    }

    /// Opens the bytes below the coats, with a position.
    pub(super) fn open_seekable(&self) -> io::Result<Box<dyn ReadSeek>> {
        let mut base: Box<dyn ReadSeek> = match &self.base {
            Base::File(path) => Box::new(File::open(path)?),
            Base::Memory(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
            Base::Spool(path) => Box::new(File::open(path.as_ref())?),
        };
        let Some((start, len)) = self.region else { return Ok(base) };
        base.seek(SeekFrom::Start(start))?;
        Ok(Box::new(Region { base, start, len, at: 0 }))
    }

    /// Opens the bytes of the source, coats taken off.
    pub(super) fn open(&self) -> io::Result<Box<dyn Read>> {
        let mut bytes: Box<dyn Read> = Box::new(self.open_seekable()?);
        for &coat in &self.coats {
            bytes = match coat {
                Coat::Packed(codec) => codec.unpack(bytes),
                Coat::Deflated => Box::new(DeflateDecoder::new(BufReader::with_capacity(BLOCK, bytes))),
                Coat::Member { n_bytes, crc32 } => {
                    Box::new(Checked { plain: bytes, left: n_bytes, crc32, hasher: crc32fast::Hasher::new() })
                }
                Coat::Bound(left) => Box::new(Bounded { plain: bytes, left }),
            };
        }
        Ok(bytes)
    }
}

/// Bytes on their way to memory or, once they are many, to a temporary file.
pub(super) struct Spool {
    start: Vec<u8>,
    file: Option<tempfile::NamedTempFile>,
}

impl Spool {
    /// An empty one.
    pub(super) fn new() -> Self {
        Self { start: Vec::new(), file: None }
    }

    /// Appends a stream, and returns why it broke off if it did.
    pub(super) fn take(&mut self, stream: &mut dyn Read) -> io::Result<Option<io::Error>> {
        let mut block = vec![0; BLOCK];
        loop {
            match stream.read(&mut block) {
                Ok(0) => return Ok(None),
                Ok(n) => self.push(&block[..n])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Ok(Some(error)),
            }
        }
    }

    fn push(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.file.is_none() && self.start.len() + bytes.len() < SPOOL_IN_MEMORY {
            self.start.extend_from_slice(bytes);
            return Ok(());
        }
        self.in_file()?.write_all(bytes)
    }

    fn in_file(&mut self) -> io::Result<&mut tempfile::NamedTempFile> {
        if self.file.is_none() {
            let mut file = tempfile::NamedTempFile::new()?;
            file.write_all(&std::mem::take(&mut self.start))?;
            self.file = Some(file);
        }
        self.file.as_mut().ok_or_else(|| io::ErrorKind::Other.into())
    }

    /// The place of all that it holds.
    pub(super) fn finish(mut self, room: &Room) -> io::Result<Place> {
        if self.file.is_none() && !room.take(self.start.len()) {
            self.in_file()?;
        }
        Ok(Place::of(match self.file {
            Some(file) => Base::Spool(Arc::new(file.into_temp_path())),
            None => Base::Memory(self.start.into()),
        }))
    }
}

/// A part of a file that looks like a file of its own.
struct Region {
    base: Box<dyn ReadSeek>,
    start: u64,
    len: u64,
    at: u64,
}

impl Read for Region {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let n = self.base.read(&mut buffer[..wanted])?;
        self.at += n as u64;
        Ok(n)
    }
}

impl Seek for Region {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        let at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let absolute = self.start.checked_add(at).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.base.seek(SeekFrom::Start(absolute))?;
        self.at = at;
        Ok(at)
    }
}

/// Holds a member to the length and checksum that its archive states.
struct Checked {
    plain: Box<dyn Read>,
    left: u64,
    crc32: u32,
    hasher: crc32fast::Hasher,
}

impl Read for Checked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let n = self.plain.read(buffer)?;
        if n as u64 > self.left {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "longer than its archive says"));
        }
        self.left -= n as u64;
        self.hasher.update(&buffer[..n]);
        if n == 0 && self.left > 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "shorter than its archive says"));
        }
        if n == 0 && self.hasher.clone().finalize() != self.crc32 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "fails its checksum"));
        }
        Ok(n)
    }
}

/// Ends with [`Excess`] where more than the bound would come.
struct Bounded {
    plain: Box<dyn Read>,
    left: u64,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.plain.read(buffer)?;
        if n as u64 > self.left {
            return Err(io::Error::other(Excess));
        }
        self.left -= n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(place: &Place) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        place.open()?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn regions_nest_and_end_where_they_should() {
        let place = Place::memory(b"0123456789".to_vec()).within(2, 6).within(1, 3);
        assert_eq!(all(&place).unwrap(), b"345");
        let mut region = place.open_seekable().unwrap();
        assert_eq!(region.seek(SeekFrom::End(-1)).unwrap(), 2);
        let mut last = String::new();
        region.read_to_string(&mut last).unwrap();
        assert_eq!(last, "5");
        assert!(region.seek(SeekFrom::End(-9)).is_err());
    }

    #[test]
    fn a_member_is_held_to_its_length_and_checksum() {
        let sound = crc32fast::hash(b"abc");
        let member = |n_bytes, crc32| Coat::Member { n_bytes, crc32 };
        let plain = Place::memory(b"abc".to_vec());
        assert_eq!(all(&plain.clone().coated(member(3, sound))).unwrap(), b"abc");
        assert!(all(&plain.clone().coated(member(3, sound + 1))).is_err());
        assert!(all(&plain.clone().coated(member(2, sound))).is_err());
        assert!(all(&plain.coated(member(4, sound))).is_err());
    }

    #[test]
    fn a_bound_ends_the_stream_with_its_own_error() {
        let place = Place::memory(vec![7; 100]).bounded(99);
        let error = all(&place).unwrap_err();
        assert!(error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<Excess>));
        assert_eq!(all(&Place::memory(vec![7; 99]).bounded(99)).unwrap().len(), 99);
    }

    #[test]
    fn a_long_stream_is_spooled_and_can_be_opened_twice() {
        let long = SPOOL_IN_MEMORY as u64 + 17;
        let place = Place::spool(&mut io::repeat(b'x').take(long), &Room::new()).unwrap();
        assert!(matches!(place.base, Base::Spool(_)));
        for _ in 0..2 {
            assert_eq!(io::copy(&mut place.open().unwrap(), &mut io::sink()).unwrap(), long);
        }
    }

    #[test]
    fn many_short_streams_share_the_memory_of_the_run() {
        let room = Room::new();
        let places = (0..7).map(|_| Place::spool(&mut io::repeat(b'x').take(5 << 20), &room).unwrap());
        let in_memory = |place: &Place| matches!(place.base, Base::Memory(_));
        assert_eq!(places.filter(in_memory).count(), ROOM_IN_MEMORY / (5 << 20));
    }
}
