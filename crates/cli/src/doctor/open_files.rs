//! Whether the server may open as many files as its connections and its data take.

use rustix::process::{Resource, getrlimit};

use super::Finding;
use super::process::Process;

const ID: &str = "open_files";
/// Files of the data and the index beside connections: packs, segments, sockets of its own.
const BESIDE: u64 = 512;

/// The limit, and what is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The limit that counts.
    pub(crate) limit: u64,
    /// Whether it is that of the running server, or of whoever starts one from here.
    pub(crate) of_server: bool,
    /// `limits.connections`.
    pub(crate) connections: u64,
}

/// Looks.
pub(crate) fn gather(server: Option<Process>, connections: usize) -> Facts {
    let servers = server.and_then(|process| process.open_files);
    let ours = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    Facts {
        limit: servers.unwrap_or(ours),
        of_server: servers.is_some(),
        connections: u64::try_from(connections).unwrap_or(u64::MAX),
    }
}

/// Judges it.
pub(crate) fn judge(facts: &Facts) -> Finding {
    let whose = if facts.of_server {
        "the server"
    } else {
        "a server started from here"
    };
    let needed = facts.connections.saturating_add(BESIDE);
    let limit = if facts.limit == u64::MAX {
        "any number of".to_owned()
    } else {
        facts.limit.to_string()
    };
    let found = format!(
        "{whose} may open {limit} files, {} connections take {needed}",
        facts.connections
    );
    if facts.limit >= needed {
        Finding::fine(ID, found)
    } else {
        Finding::warning(ID, found).advice("raise it (LimitNOFILE= of a systemd unit, ulimit -n of a shell), or lower limits.connections")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn connections_need_files() {
        let judged = |limit| {
            judge(&Facts {
                limit,
                of_server: true,
                connections: 4_096,
            })
        };
        assert_eq!(judged(1_024).verdict, Verdict::Warning);
        assert_eq!(judged(4_608).verdict, Verdict::Fine);
        assert!(judged(u64::MAX).found.contains("any number of files"));
        let told = Process {
            id: Some(1),
            open_files: Some(7),
        };
        assert!(gather(Some(told), 1).of_server && !gather(None, 1).of_server);
    }
}
