//! All nodes of the simulated disk, found by path.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::Loss;
use super::chance::Chance;
use super::directory::{Change, DirectoryNode};
use super::faults::Faults;
use super::file::FileNode;

/// The number of the root directory.
const ROOT: u64 = 0;

/// Everything there is. Guarded by one mutex: an operation is one step.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    nodes: BTreeMap<u64, Node>,
    pub(super) locks: BTreeSet<PathBuf>,
    pub(super) faults: Faults,
    pub(super) chance: Chance,
}

#[derive(Clone, Debug)]
enum Node {
    File(FileNode),
    Directory(DirectoryNode),
}

impl Tree {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            nodes: BTreeMap::from([(ROOT, Node::Directory(DirectoryNode::default()))]),
            locks: BTreeSet::new(),
            faults: Faults::default(),
            chance: Chance::new(seed),
        }
    }

    /// What is found when the machine starts again: no faults, no locks, counters at zero.
    pub(super) fn survivor(&self, loss: Loss) -> Self {
        let mut chance = match loss {
            Loss::Random(seed) => Chance::new(seed),
            Loss::All | Loss::Kept => Chance::new(0),
        };
        let mut after = Self {
            nodes: BTreeMap::new(),
            locks: BTreeSet::new(),
            faults: Faults::default(),
            chance: self.chance.clone(),
        };
        for (number, node) in &self.nodes {
            let mut node = node.clone();
            match (&mut node, loss) {
                (Node::File(file), Loss::Random(_)) => file.settle_some(&mut chance),
                (Node::File(file), Loss::Kept) => file.sync(),
                (Node::File(file), Loss::All) => file.settle_none(),
                (Node::Directory(names), Loss::Random(_)) => names.settle_some(&mut chance),
                (Node::Directory(names), Loss::Kept) => names.sync(),
                (Node::Directory(names), Loss::All) => names.settle_none(),
            }
            after.nodes.insert(
                *number,
                match node {
                    Node::File(file) => Node::File(file.survivor()),
                    Node::Directory(names) => Node::Directory(names.survivor()),
                },
            );
        }
        after
    }

    /// What the next process of the same machine finds: the page cache with all that is not durable yet.
    pub(super) fn after_kill(&self) -> Self {
        Self {
            nodes: self.nodes.clone(),
            locks: BTreeSet::new(),
            faults: Faults::default(),
            chance: self.chance.clone(),
        }
    }

    /// The node of a path.
    pub(super) fn find(&self, path: &Path) -> io::Result<u64> {
        names(path)?.iter().try_fold(ROOT, |node, name| {
            let found = self.directory(node)?.current.get(name);
            found.copied().ok_or_else(|| missing(path))
        })
    }

    /// The directory a path lies in, and its last name.
    pub(super) fn place(&self, path: &Path) -> io::Result<(u64, String)> {
        let mut names = names(path)?;
        let last = names.pop().ok_or(io::ErrorKind::InvalidInput)?;
        let directory = self.find(&names.iter().collect::<PathBuf>())?;
        self.directory(directory)?;
        Ok((directory, last))
    }

    pub(super) fn create_file(&mut self, directory: u64, name: String) -> io::Result<u64> {
        self.add(directory, name, Node::File(FileNode::default()))
    }

    pub(super) fn create_directory(&mut self, directory: u64, name: String) -> io::Result<u64> {
        self.add(directory, name, Node::Directory(DirectoryNode::default()))
    }

    pub(super) fn file(&self, node: u64) -> io::Result<&FileNode> {
        match self.nodes.get(&node) {
            Some(Node::File(file)) => Ok(file),
            Some(Node::Directory(_)) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn file_mut(&mut self, node: u64) -> io::Result<&mut FileNode> {
        match self.nodes.get_mut(&node) {
            Some(Node::File(file)) => Ok(file),
            Some(Node::Directory(_)) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn directory(&self, node: u64) -> io::Result<&DirectoryNode> {
        match self.nodes.get(&node) {
            Some(Node::Directory(names)) => Ok(names),
            Some(Node::File(_)) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn directory_mut(&mut self, node: u64) -> io::Result<&mut DirectoryNode> {
        match self.nodes.get_mut(&node) {
            Some(Node::Directory(names)) => Ok(names),
            Some(Node::File(_)) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Makes some of a failed sync durable and forgets the rest.
    pub(super) fn lose(&mut self, node: u64) {
        match self.nodes.get_mut(&node) {
            Some(Node::File(file)) => file.settle_some(&mut self.chance),
            Some(Node::Directory(names)) => names.settle_some(&mut self.chance),
            None => {}
        }
    }

    /// Bytes in files that have a name.
    pub(super) fn used_bytes(&self) -> u64 {
        let named = self.nodes.values().filter_map(|node| match node {
            Node::Directory(names) => Some(names.current.values()),
            Node::File(_) => None,
        });
        let lengths = named.flatten().filter_map(|node| self.file(*node).ok());
        lengths.map(|file| file.current.len() as u64).sum()
    }

    fn add(&mut self, directory: u64, name: String, node: Node) -> io::Result<u64> {
        let number = self.nodes.last_key_value().map_or(ROOT, |(last, _)| *last) + 1;
        self.directory_mut(directory)?
            .change(Change::Link { name, node: number });
        self.nodes.insert(number, node);
        Ok(number)
    }
}

/// The names of a path below the root. Relative paths start at the root; `..` is refused.
pub(super) fn names(path: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::RootDir | Component::CurDir => {}
            Component::Normal(name) => {
                names.push(name.to_str().ok_or(io::ErrorKind::InvalidInput)?.to_owned());
            }
            Component::ParentDir | Component::Prefix(_) => {
                return Err(io::ErrorKind::InvalidInput.into());
            }
        }
    }
    Ok(names)
}

fn missing(path: &Path) -> io::Error {
    io::Error::new(
        io::ErrorKind::NotFound,
        format!("{} does not exist on the simulated disk", path.display()),
    )
}
