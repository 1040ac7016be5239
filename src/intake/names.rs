//! From what the keys of a file's articles are made.
//!
//! A file's name is its path below the place that was named, without its suffix: `2024/storm` for `news/2024/storm.md` where
//! `news` is mirrored. Where two files of different places would have one name, each takes as many of its folders in front as
//! tell them apart. So a name depends on which files there are, and never on the order in which they are read.

use std::collections::HashMap;
use std::path::{Component, Path};

use sha2::{Digest, Sha256};

use crate::article::read;

/// The longest name, in bytes: with a number or a mark behind it, a key of the store still holds it.
const MAX_NAME_BYTES: usize = 512;

/// The names of files, each given by its absolute path and the number of the folders above it that are no part of its name.
pub(super) fn names(files: &[(&Path, usize)]) -> Vec<String> {
    let mut parts: Vec<Vec<String>> = files.iter().map(|(path, _)| parts(path)).collect();
    // Files beside one another that differ in their suffix alone keep it.
    let whole: Vec<String> = parts.iter().map(|parts| parts.join("/")).collect();
    for at in shared(&whole).into_iter().flatten() {
        if let (Some(last), Some((path, _))) = (parts.get_mut(at).and_then(|parts| parts.last_mut()), files.get(at)) {
            *last = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        }
    }
    // How many of a file's parts, from the end, make its name.
    let mut taken: Vec<usize> =
        files.iter().zip(&parts).map(|((_, above), parts)| parts.len().saturating_sub(*above).max(1)).collect();
    let name = |at: usize, taken: &[usize]| -> String {
        let parts = parts.get(at).map(Vec::as_slice).unwrap_or_default();
        let from = parts.len().saturating_sub(taken.get(at).copied().unwrap_or(1));
        parts.get(from..).unwrap_or_default().join("/")
    };
    let mut names: Vec<String> = (0..files.len()).map(|at| name(at, &taken)).collect();
    loop {
        let mut longer = false;
        for group in shared(&names) {
            for at in group {
                if let (Some(taken), Some(parts)) = (taken.get_mut(at), parts.get(at))
                    && *taken < parts.len()
                {
                    *taken += 1;
                    longer = true;
                }
            }
        }
        if !longer {
            break;
        }
        for (at, kept) in names.iter_mut().enumerate() {
            *kept = name(at, &taken);
        }
    }
    names.into_iter().map(shortened).collect()
}

/// The places of the names that more than one file has.
fn shared(names: &[String]) -> Vec<Vec<usize>> {
    let mut places: HashMap<&str, Vec<usize>> = HashMap::with_capacity(names.len());
    for (at, name) in names.iter().enumerate() {
        places.entry(name).or_default().push(at);
    }
    places.into_values().filter(|places| places.len() > 1).collect()
}

/// The folders of a path and the name of its file without suffix.
fn parts(path: &Path) -> Vec<String> {
    let folders = path.parent().into_iter().flat_map(Path::components).filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    });
    folders.chain([read::stem(path)]).collect()
}

/// The number of folders that a path has.
pub(super) fn depth(path: &Path) -> usize {
    path.components().filter(|part| matches!(part, Component::Normal(_))).count()
}

fn shortened(name: String) -> String {
    if name.len() <= MAX_NAME_BYTES {
        return name;
    }
    let hash: String = Sha256::digest(&name).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let from = (name.len() - MAX_NAME_BYTES + 9..name.len()).find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    format!("{}~{hash}", name.get(from..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The names of files below roots.
    fn of(files: &[(&str, &str)]) -> Vec<String> {
        let whole: Vec<_> = files.iter().map(|(root, below)| (Path::new(root).join(below), *root)).collect();
        names(&whole.iter().map(|(path, root)| (path.as_path(), depth(Path::new(root)))).collect::<Vec<_>>())
    }

    #[test]
    fn a_name_is_the_path_below_its_place_without_suffix() {
        assert_eq!(
            of(&[("/srv/news", "storm.md"), ("/srv/news", "2024/06/ferry.html.gz")]),
            ["storm", "2024/06/ferry"]
        );
        assert_eq!(of(&[("/srv/news/storm.md", "")]), ["storm"], "a file that is named itself");
    }

    #[test]
    fn files_of_one_name_take_the_folders_that_tell_them_apart() {
        let files = [("/srv/a", "notes.txt"), ("/srv/b", "notes.txt"), ("/srv/b", "other.txt")];
        assert_eq!(of(&files), ["a/notes", "b/notes", "other"]);
        assert_eq!(of(&[("/x/a", "notes.txt"), ("/y/a", "notes.txt")]), ["x/a/notes", "y/a/notes"]);
        assert_eq!(of(&[("/x", "notes.txt"), ("/x", "notes.md")]), ["notes.txt", "notes.md"]);
        assert_eq!(of(&[("/x", "a/n.txt"), ("/x", "b/n.txt")]), ["a/n", "b/n"]);
    }

    #[test]
    fn a_long_name_is_cut_in_front_and_marked() {
        let deep = format!("{}/storm.md", vec!["f".repeat(100); 9].join("/"));
        let name = of(&[("/srv", &deep)]).remove(0);
        assert!(name.len() <= MAX_NAME_BYTES && name.contains("/storm~"), "{name}");
    }

    proptest! {
        #[test]
        fn names_are_one_each_and_depend_on_no_order(
            files in proptest::collection::btree_set(("/[ab]/[cd]", "([ab]/){0,2}[xy]\\.(md|txt)"), 1..12),
            seed in any::<usize>(),
        ) {
            // Two roots never lie inside one another here: a file is found once.
            let files: Vec<(&str, &str)> = files.iter().map(|(root, below)| (root.as_str(), below.as_str())).collect();
            let here = of(&files);
            let mut sorted = here.clone();
            sorted.sort();
            sorted.dedup();
            prop_assert_eq!(sorted.len(), files.len(), "{:?}", here);
            let mut turned = files.clone();
            turned.rotate_left(seed % files.len());
            let mut there = of(&turned);
            there.rotate_right(seed % files.len());
            prop_assert_eq!(here, there);
        }
    }
}
