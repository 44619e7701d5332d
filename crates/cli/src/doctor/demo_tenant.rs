//! Invented events beside real ones: a demo belongs where one looks around, not where one keeps evidence.

use std::path::Path;

use api::Tenant;
use server::Config;

use super::{Finding, Told};

const ID: &str = "demo";
const TENANT: &str = "demo";
/// Tenants that every instance has.
const EVERYWHERE: [&str; 2] = ["_instance", "default"];

/// What tells of a demo, and of real use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// Whether the demo's key file lies in the keys directory.
    pub(crate) key_file: bool,
    /// Names of all tenants.
    pub(crate) tenants: Told<Vec<String>>,
    /// Whether the settings are those of a machine in use: listening beyond loopback, TLS, anchors.
    pub(crate) in_use: bool,
}

/// Looks.
pub(crate) fn gather(config: &Config, tenants: &Told<Vec<Tenant>>) -> Facts {
    let anchor = &config.anchor;
    let anchored = anchor.file.is_some() || anchor.command.is_some() || anchor.url.is_some();
    Facts {
        key_file: exists(&config.keys.join("demo.key")),
        tenants: tenants
            .as_ref()
            .map(|tenants| tenants.iter().map(|tenant| tenant.name.clone()).collect())
            .map_err(Clone::clone),
        in_use: anchored || !config.listen.ip().is_loopback() || config.tls.files().is_some(),
    }
}

fn exists(path: &Path) -> bool {
    let path = path.to_owned();
    super::within(move || path.exists()).unwrap_or(false)
}

/// Judges it.
pub(crate) fn judge(facts: &Facts) -> Finding {
    const ADVICE: &str = "for real use start with new directories (--data and --keys): what was recorded is not removed";
    let tenants = facts.tenants.as_deref().unwrap_or_default();
    let demo = facts.key_file || tenants.iter().any(|name| name == TENANT);
    let others = tenants
        .iter()
        .filter(|name| *name != TENANT && !EVERYWHERE.contains(&name.as_str()))
        .count();
    if demo && (facts.in_use || others > 0) {
        Finding::warning(
            ID,
            "invented events of `serve --demo` lie beside what looks like real use",
        )
        .advice(ADVICE)
    } else if demo {
        Finding::note(ID, "this is a demo: tenant demo holds invented events").advice(ADVICE)
    } else if let Err(why) = &facts.tenants {
        Finding::unknown(
            ID,
            format!("there is no demo's key, and which tenants there are is not known: {why}"),
        )
    } else {
        Finding::fine(ID, "no demo is among these data")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_demo_beside_real_use_is_a_warning() {
        let judged = |key_file, tenants: &[&str], in_use| {
            let tenants = Ok(tenants.iter().map(|name| (*name).to_owned()).collect());
            judge(&Facts {
                key_file,
                tenants,
                in_use,
            })
            .verdict
        };
        assert_eq!(
            judged(false, &["_instance", "default", "acme"], true),
            Verdict::Fine
        );
        assert_eq!(
            judged(false, &["_instance", "default", "demo"], false),
            Verdict::Note
        );
        assert_eq!(
            judged(true, &["_instance", "default"], false),
            Verdict::Note
        );
        assert_eq!(judged(false, &["demo", "acme"], false), Verdict::Warning);
        assert_eq!(judged(true, &["demo"], true), Verdict::Warning);
        let unknown = Facts {
            key_file: false,
            tenants: Err("no key".into()),
            in_use: true,
        };
        assert_eq!(judge(&unknown).verdict, Verdict::Unknown);
    }
}
