//! Work on several sources at a time.

use rayon::prelude::*;

use super::Source;

/// Does the same work on every source, several at a time; the results stand in the order of the sources.
///
/// Each thread that is free takes the largest of the sources that are left, so that no large one is begun
/// when all others are done.
pub fn each<T: Send>(sources: &[Source], work: impl Fn(&Source) -> T + Sync) -> Vec<T> {
    let mut in_order: Vec<usize> = (0..sources.len()).collect();
    in_order.sort_by_key(|&index| std::cmp::Reverse(sources[index].n_bytes_stored));
    let mut done: Vec<(usize, T)> =
        in_order.into_iter().par_bridge().map(|index| (index, work(&sources[index]))).collect();
    done.sort_unstable_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;

    #[test]
    fn results_stand_in_the_order_of_the_sources_whatever_their_sizes() {
        let source = |id: u32| {
            let size = [3, 1, 4, 1, 5, 9, 2, 6][id as usize];
            Source::from_bytes(SourceId(id), &format!("{id}.log"), &vec![b'x'; size])
        };
        let sources: Vec<Source> = (0..8).map(source).collect();
        let names = each(&sources, |source| source.name.path.clone());
        assert_eq!(names, (0..8).map(|id| format!("{id}.log")).collect::<Vec<_>>());
    }
}
