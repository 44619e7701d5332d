//! Whether the settings are known, within their bounds, and do not contradict each other.
//!
//! What is looked at is what `serve` would take from the same file and from the environment of this shell. Values are
//! never repeated.

use server::config::{ConfigError, Review};

use super::words::{distance, nearest, number_of};
use super::{Finding, Told};

const ID: &str = "config";
const OURS: &str = "VERITRAIL";

/// What was read.
#[derive(Debug)]
pub(crate) struct Facts {
    /// The settings.
    pub(crate) review: Review,
    /// Names of the environment.
    pub(crate) variables: Vec<String>,
    /// Names that the server or a command reads.
    pub(crate) known_variables: Vec<String>,
    /// What the data say that the origins of their logs begin with.
    pub(crate) origin: Option<String>,
    /// Why the databases of places that the settings name can't be used, those that can't.
    pub(crate) places: Told<Vec<String>>,
}

/// Judges them.
pub(crate) fn judge(facts: &Facts) -> Finding {
    let mut refused: Vec<String> = facts.review.faults.iter().map(refusal).collect();
    refused.extend(facts.places.iter().flatten().cloned());
    if !refused.is_empty() {
        let found = match refused.as_slice() {
            [one] => format!("`veritrail serve` would refuse to start: {one}"),
            many => format!(
                "`veritrail serve` would refuse to start for {}",
                number_of(many, "reason")
            ),
        };
        let details = if refused.len() > 1 {
            refused
        } else {
            Vec::new()
        };
        return Finding::problem(ID, found)
            .advice("put it right; docs/reference/config.md has every setting and its bounds")
            .details(details);
    }
    let misspelt = misspelt(&facts.variables, &facts.known_variables);
    if !misspelt.is_empty() {
        let (variables, seem, them) = match misspelt.len() {
            1 => ("1 variable", "seems", "it"),
            _ => (&*number_of(&misspelt, "variable"), "seem", "them"),
        };
        let found = format!(
            "{variables} of the environment {seem} meant for Veritrail, and nothing reads {them}"
        );
        return Finding::warning(ID, found)
            .advice("correct or remove them; docs/reference/config.md has every name")
            .details(misspelt);
    }
    if let Err(why) = &facts.places {
        let found = format!("whether the files of geoip can be used is not known: {why}");
        return Finding::unknown(ID, found);
    }
    let idle = without_effect(&facts.review, facts.origin.as_deref());
    let set = number_of(&facts.review.set.keys().collect::<Vec<_>>(), "setting");
    if idle.is_empty() {
        return Finding::fine(ID, format!("{set} given, all known and within bounds"));
    }
    Finding::note(ID, format!("{set} given, and some do nothing here"))
        .advice("leave them out, or give what they need besides")
        .details(idle)
}

fn refusal(fault: &ConfigError) -> String {
    let cause = std::error::Error::source(fault).map(|cause| format!(": {cause}"));
    let meant = match fault {
        ConfigError::Unknown { name, .. } => {
            let known: Vec<&str> = server::config::settings()
                .map(|setting| setting.name)
                .collect();
            nearest(name, &known).map(|name| format!(" (did you mean {name}?)"))
        }
        _ => None,
    };
    format!(
        "{fault}{}{}",
        cause.unwrap_or_default(),
        meant.unwrap_or_default()
    )
}

/// Variables that are nearly ours, each with what was meant.
fn misspelt(variables: &[String], known: &[String]) -> Vec<String> {
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let strange = variables
        .iter()
        .filter(|name| !known.contains(&name.as_str()));
    let told = |name: &String| {
        let upper = name.to_ascii_uppercase().replace('-', "_");
        let (first, rest) = upper.split_once('_')?;
        let meant = nearest(&format!("{OURS}_{rest}"), &known);
        // Another product's name may be near; then what follows is not ours.
        let near = distance(first, OURS) <= 2;
        match meant {
            Some(meant) if near => Some(format!("{name}: did you mean {meant}?")),
            None if first == OURS => Some(format!("{name}: there is no such variable")),
            _ => None,
        }
    };
    strange.filter_map(told).collect()
}

/// Settings that were given and change nothing.
fn without_effect(review: &Review, origin: Option<&str>) -> Vec<String> {
    let config = &review.config;
    let given = |name: &str| review.set.contains_key(name);
    let mut idle = Vec::new();
    if config.allow_plain_http && config.tls.files().is_some() {
        idle.push("allow_plain_http: the server speaks TLS only".to_owned());
    } else if config.allow_plain_http && config.listen.ip().is_loopback() {
        idle.push("allow_plain_http: the server listens on loopback only".to_owned());
    }
    if given("limits.tenant_burst_events") && config.limits.tenant_events_per_second == 0 {
        idle.push(
            "limits.tenant_burst_events: limits.tenant_events_per_second is not set".to_owned(),
        );
    }
    if config.limits.tenant_searches > config.limits.concurrent_requests {
        idle.push("limits.tenant_searches: more than limits.concurrent_requests".to_owned());
    }
    let outdated = config
        .origin
        .as_deref()
        .zip(origin)
        .is_some_and(|(given, made)| given != made);
    if outdated {
        idle.push("origin: these data were made with another one, and keep it".to_owned());
    }
    for (name, places) in &review.set {
        if let [overruled, .., wins] = places.as_slice() {
            idle.push(format!(
                "{name} in {overruled}: {wins} has it, too, and wins"
            ));
        }
    }
    idle
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn facts(file: &str, environment: &[(&str, &str)]) -> Facts {
        let read = |name: &str| {
            let found = environment.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let known = server::config::settings().map(server::config::Setting::variable);
        Facts {
            review: Review::of(Some(file), &read, &[]),
            variables: environment
                .iter()
                .map(|(name, _)| (*name).to_owned())
                .collect(),
            known_variables: known.chain(["VERITRAIL_URL".to_owned()]).collect(),
            origin: Some("example/made".to_owned()),
            places: Ok(Vec::new()),
        }
    }

    #[test]
    fn settings_that_are_known_and_in_bounds_are_fine() {
        let found = judge(&facts(
            "data = \"/srv/data\"\n",
            &[("VERITRAIL_URL", "x"), ("VERITRAIL_KEYS", "k")],
        ));
        assert_eq!(found.verdict, Verdict::Fine);
        assert_eq!(found.found, "2 settings given, all known and within bounds");
        assert_eq!(judge(&facts("", &[])).verdict, Verdict::Fine);
    }

    #[test]
    fn every_refusal_is_told_without_the_value() {
        let found = judge(&facts(
            "dta = \"hunter2\"\nlisten = \"hunter3\"\n[limits]\nconnections = 0\n",
            &[("VERITRAIL_LOG_LEVEL", "hunter4")],
        ));
        assert_eq!(found.verdict, Verdict::Problem);
        assert!(found.found.ends_with("for 4 reasons"), "{found:?}");
        assert!(
            found
                .details
                .iter()
                .any(|line| line.ends_with("(did you mean data?)")),
            "{found:?}"
        );
        assert!(!format!("{found:?}").contains("hunter"), "{found:?}");
        let broken = judge(&facts("= 1", &[]));
        assert!(broken.found.contains("not TOML"), "{broken:?}");
    }

    #[test]
    fn databases_of_places_that_stop_the_start_are_a_problem() {
        let judged = |places| {
            judge(&Facts {
                places,
                ..facts("", &[])
            })
        };
        let refused = judged(Ok(vec!["a.mmdb can't be used".to_owned()]));
        assert_eq!(refused.verdict, Verdict::Problem);
        assert!(refused.found.contains("a.mmdb"), "{refused:?}");
        assert_eq!(judged(Err("slow".to_owned())).verdict, Verdict::Unknown);
    }

    #[test]
    fn misspelt_variables_are_told_and_those_of_others_are_not() {
        for (name, meant) in [
            ("VERITRAIL_DAT", "VERITRAIL_DATA"),
            ("VERITRIAL_DATA", "VERITRAIL_DATA"),
            ("veritrail_keys", "VERITRAIL_KEYS"),
            (
                "VERITRAIL_LIMITS_CONECTIONS",
                "VERITRAIL_LIMITS_CONNECTIONS",
            ),
        ] {
            let found = judge(&facts("", &[(name, "hunter2")]));
            assert_eq!(found.verdict, Verdict::Warning, "{name}");
            assert_eq!(found.details, [format!("{name}: did you mean {meant}?")]);
        }
        let strange = judge(&facts("", &[("VERITRAIL_COLOUR_OF_THE_SKY", "blue")]));
        assert_eq!(
            strange.details,
            ["VERITRAIL_COLOUR_OF_THE_SKY: there is no such variable"]
        );
        let others = judge(&facts(
            "",
            &[
                ("PATH", "x"),
                ("VERTX_DATA", "x"),
                ("VERITAS_HOME", "x"),
                ("_", "x"),
            ],
        ));
        assert_eq!(others.verdict, Verdict::Fine, "{others:?}");
    }

    #[test]
    fn settings_that_do_nothing_are_noted() {
        let found = judge(&facts(
            "data = \"a\"\nallow_plain_http = true\norigin = \"example/other\"\n[limits]\ntenant_burst_events = 5\n",
            &[("VERITRAIL_DATA", "b")],
        ));
        assert_eq!(found.verdict, Verdict::Note);
        let told = |start: &str| found.details.iter().any(|line| line.starts_with(start));
        for start in [
            "allow_plain_http:",
            "origin:",
            "limits.tenant_burst_events:",
            "data in the configuration file:",
        ] {
            assert!(told(start), "{start}: {found:?}");
        }
    }
}
