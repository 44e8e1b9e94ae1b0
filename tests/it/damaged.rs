//! Damages event logs in ways that can be repeated, and names the logs to be damaged.

use std::path::{Path, PathBuf};

/// Bytes in front of the first chunk.
pub(crate) const FILE_HEADER_LEN: usize = 4_096;
/// Bytes of a chunk.
pub(crate) const CHUNK_LEN: usize = 65_536;

/// The EVTX files of the corpus; none without the folder, which is an error where all tests must run.
#[expect(clippy::disallowed_methods, reason = "the corpus is too large for the repository; its folder is a setting")]
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn corpus() -> Vec<PathBuf> {
    let Ok(folder) = std::env::var("CAUSELINE_CORPORA") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CAUSELINE_CORPORA is not set");
        eprintln!("skipped: CAUSELINE_CORPORA is not set");
        return Vec::new();
    };
    let folder = Path::new(&folder).join("evtx");
    let inventory = std::fs::read_to_string(folder.join("INVENTORY.tsv")).expect("the corpus has an inventory");
    let paths = inventory.lines().skip(1).filter_map(|line| line.split('\t').next());
    paths.map(|path| folder.join(path)).filter(|path| path.is_file()).collect()
}

/// A sequence of numbers from a seed (SplitMix64), so that a failure can be repeated.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % bound as u64) as usize
    }
}

/// Changes up to 200 bytes to zeros, ones, single bits or anything.
pub(crate) fn flip(bytes: &mut [u8], numbers: &mut Numbers) {
    for _ in 0..=numbers.below(200) {
        let at = numbers.below(bytes.len());
        bytes[at] = [0, 0xff, 1 << numbers.below(8), numbers.below(256) as u8][numbers.below(4)];
    }
}

/// How many chunks a file has, a last one that is cut included.
pub(crate) fn n_chunks(file: &[u8]) -> usize {
    file.len().saturating_sub(FILE_HEADER_LEN).div_ceil(CHUNK_LEN)
}

/// Where the `index`-th chunk lies in a file.
pub(crate) fn chunk_at(file: &[u8], index: usize) -> std::ops::Range<usize> {
    let start = FILE_HEADER_LEN + index * CHUNK_LEN;
    start.min(file.len())..(start + CHUNK_LEN).min(file.len())
}

/// Exchanges two whole chunks.
pub(crate) fn swap(file: &mut [u8], one: usize, other: usize) {
    let kept = file[chunk_at(file, one)].to_vec();
    let (from, to) = (chunk_at(file, other), chunk_at(file, one));
    file.copy_within(from.clone(), to.start);
    file[from].copy_from_slice(&kept);
}

/// Gives a chunk the second half of another one: what a write leaves that was torn by a loss of power.
pub(crate) fn tear(file: &mut [u8], chunk: usize, other: usize) {
    let half = chunk_at(file, other);
    let from = half.start + CHUNK_LEN / 2..half.end;
    file.copy_within(from, chunk_at(file, chunk).start + CHUNK_LEN / 2);
}

/// Says in the header that the file was not closed.
pub(crate) fn mark_dirty(file: &mut [u8]) {
    file[120] |= 1;
}
