//! What need not be kept: rules that name what they leave out.
//!
//! Promises: nothing is left out but by a rule with a name; sampling depends on the event's id alone, so that the same
//! delivery is kept or left out wherever it comes again; reads of what is worth protecting are kept unless a rule names
//! their operation. The first list that has a matching rule decides: include, exclude, sample.

mod defaults;

use std::collections::BTreeMap;

use ledger::event::ACTOR_TYPES;
use sha2::{Digest, Sha256};

use crate::event::{Event, Nature};
use crate::vendor::Vendor;

/// Most rules of one source.
pub const RULES_MAX: usize = 200;
/// Longest pattern in bytes.
pub const PATTERN_BYTES_MAX: usize = 256;
/// Most events that one kept sample may stand for.
pub const SAMPLE_MAX: u32 = 1_000_000;

/// The rules of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Kept, whatever else is said.
    pub include: Vec<Rule>,
    /// Left out.
    pub exclude: Vec<Rule>,
    /// One in so many is kept.
    pub sample: Vec<(Rule, u32)>,
}

/// One rule: matches when every pattern that it has does. A rule without patterns matches nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Its name in counts, such as `kubernetes.leases`.
    pub name: String,
    /// The operation. In all patterns `*` stands for any text.
    pub operation: Option<String>,
    /// The actor's id or name, or `<type>:<id>`.
    pub actor: Option<String>,
    /// The vendor's verb.
    pub verb: Option<String>,
    /// The resource, as `<type>` or `<type>:<id>`.
    pub resource: Option<String>,
    /// Only reads: `Some(Nature::Read)` matches plain reads, and never those of what is worth protecting.
    pub nature: Option<Nature>,
    /// How it ended: `success`, `failure`, `denied`, `cancelled`. An event that doesn't say matches `*` only, so that
    /// rules for `success` never leave out what was refused.
    pub outcome: Option<String>,
}

/// What becomes of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision<'a> {
    /// It is kept.
    Keep,
    /// It is left out, by the rule of that name.
    LeaveOut {
        /// The rule.
        rule: &'a str,
    },
}

/// Counts of what was left out, by rule and operation.
pub type Counts = BTreeMap<(String, String), u64>;

impl Rules {
    /// The rules that a source of this vendor has unless it is told otherwise.
    pub fn of_vendor(vendor: Vendor) -> Self {
        defaults::rules(vendor)
    }

    /// No rules: everything is kept.
    pub fn none() -> Self {
        Self::default()
    }

    /// What becomes of an event.
    pub fn decide(&self, event: &Event) -> Decision<'_> {
        if self.include.iter().any(|rule| rule.matches(event)) {
            return Decision::Keep;
        }
        if let Some(rule) = self.exclude.iter().find(|rule| rule.matches(event)) {
            return Decision::LeaveOut { rule: &rule.name };
        }
        let sampled = self.sample.iter().find(|(rule, _)| rule.matches(event));
        match sampled {
            Some((rule, one_in)) if !is_drawn(&event.id, *one_in) => {
                Decision::LeaveOut { rule: &rule.name }
            }
            _ => Decision::Keep,
        }
    }
}

impl Rule {
    fn matches(&self, event: &Event) -> bool {
        let Self {
            name: _,
            operation,
            actor,
            verb,
            resource,
            nature,
            outcome,
        } = self;
        let named = [operation, actor, verb, resource, outcome]
            .iter()
            .any(|pattern| pattern.is_some());
        if !named && nature.is_none() {
            return false;
        }
        // What is worth protecting is left out only by a rule that names its operation in full.
        if event.nature == Nature::SensitiveRead
            && *nature != Some(Nature::SensitiveRead)
            && operation.as_deref() != Some(&*event.operation)
        {
            return false;
        }
        let fits = |pattern: &Option<String>, text: &str| {
            pattern
                .as_deref()
                .is_none_or(|pattern| is_like(pattern, text))
        };
        fits(operation, &event.operation)
            && fits(verb, &event.verb)
            && fits(
                outcome,
                event.outcome.as_ref().map_or("", |outcome| outcome.result),
            )
            && nature.is_none_or(|nature| nature == event.nature)
            && actor
                .as_deref()
                .is_none_or(|pattern| is_actor(pattern, event))
            && resource
                .as_deref()
                .is_none_or(|pattern| is_resource(pattern, event))
    }
}

/// Names that vendors give to their own parts may look like a type (`system:node:a`). A pattern that begins with a type is
/// for actors of that type, so that nobody becomes noise by being called `service_account:eve`.
fn is_actor(pattern: &str, event: &Event) -> bool {
    let actor = &event.actor;
    let kind = if actor.kind.is_empty() {
        "user"
    } else {
        actor.kind
    };
    let named = pattern.split_once(':').map(|(kind, _)| kind);
    let named = named.filter(|named| ACTOR_TYPES.contains(named));
    let is_of_type = match named {
        None => true,
        Some("system") => matches!(kind, "system" | "service_account"),
        Some(named) => named == kind,
    };
    [&actor.id, &actor.name].into_iter().flatten().any(|text| {
        (is_of_type && is_like(pattern, text)) || is_like(pattern, &format!("{kind}:{text}"))
    })
}

fn is_resource(pattern: &str, event: &Event) -> bool {
    let resource = &event.resource;
    let full = |id: &str| format!("{}:{id}", resource.kind);
    is_like(pattern, &resource.kind)
        || [&resource.id, &resource.name]
            .into_iter()
            .flatten()
            .any(|id| is_like(pattern, &full(id)))
}

/// Whether `text` is what `pattern` says, `*` standing for any text. Takes time of the order of both lengths multiplied.
pub fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if text.get(t) == Some(byte) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    p = at + 1;
                    t = from + 1;
                    star = Some((at, t));
                }
                None => return false,
            },
        }
    }
    pattern
        .get(p..)
        .unwrap_or_default()
        .iter()
        .all(|byte| *byte == b'*')
}

fn is_drawn(id: &str, one_in: u32) -> bool {
    let digest: [u8; 32] = Sha256::digest(id.as_bytes()).into();
    let [a, b, c, d, ..] = digest;
    u32::from_be_bytes([a, b, c, d]) % one_in.max(1) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Thing;

    fn event(operation: &'static str, nature: Nature) -> Event {
        let mut event = Event::new(
            crate::id::of("t", &[operation.as_bytes()]),
            operation,
            Thing::new("lease", "kube-system/x"),
            "x",
        );
        event.nature = nature;
        event.actor.kind = "system";
        event.actor.id = Some("system:node:a".into());
        event.verb = "get".into();
        event
    }

    fn rule(name: &str) -> Rule {
        Rule {
            name: name.into(),
            ..Rule::default()
        }
    }

    #[test]
    fn include_goes_before_exclude_and_a_rule_is_always_named() {
        let mut rules = Rules::default();
        rules.exclude.push(Rule {
            actor: Some("system:node:*".into()),
            verb: Some("g*t".into()),
            ..rule("nodes")
        });
        let read = event("resource.read", Nature::Read);
        assert_eq!(rules.decide(&read), Decision::LeaveOut { rule: "nodes" });
        rules.include.push(Rule {
            resource: Some("lease:kube-system/*".into()),
            ..rule("ours")
        });
        assert_eq!(rules.decide(&read), Decision::Keep);
    }

    #[test]
    fn what_is_worth_protecting_is_left_out_by_name_only() {
        let mut rules = Rules::default();
        rules.exclude.push(Rule {
            operation: Some("*".into()),
            ..rule("all")
        });
        let secret = event("secret.read", Nature::SensitiveRead);
        assert_eq!(rules.decide(&secret), Decision::Keep);
        rules.exclude.push(Rule {
            operation: Some("secret.read".into()),
            ..rule("secrets")
        });
        assert_eq!(
            rules.decide(&secret),
            Decision::LeaveOut { rule: "secrets" }
        );
    }

    #[test]
    fn nobody_becomes_noise_by_a_name_that_looks_like_a_type() {
        let mut rules = Rules::default();
        for pattern in ["service_account:*", "system:*"] {
            rules.exclude.push(Rule {
                actor: Some(pattern.into()),
                ..rule("own")
            });
        }
        let mut event = event("a.b", Nature::Change);
        for (kind, id, kept) in [
            ("", "service_account:eve", true),
            ("", "system:eve", true),
            ("service_account", "ci", false),
            ("system", "system:node:a", false),
            (
                "service_account",
                "system:serviceaccount:kube-system:x",
                false,
            ),
        ] {
            event.actor.kind = kind;
            event.actor.id = Some(id.into());
            assert_eq!(rules.decide(&event) == Decision::Keep, kept, "{kind} {id}");
        }
    }

    #[test]
    fn a_rule_without_patterns_matches_nothing() {
        let mut rules = Rules::default();
        rules.exclude.push(rule("empty"));
        assert_eq!(rules.decide(&event("a.b", Nature::Change)), Decision::Keep);
    }

    #[test]
    fn a_rule_for_successes_keeps_what_was_refused_and_what_does_not_say() {
        let mut rules = Rules::default();
        rules.exclude.push(Rule {
            nature: Some(Nature::Read),
            outcome: Some("success".into()),
            ..rule("reads")
        });
        let mut read = event("resource.read", Nature::Read);
        assert_eq!(rules.decide(&read), Decision::Keep);
        for (result, expect) in [
            ("success", Decision::LeaveOut { rule: "reads" }),
            ("denied", Decision::Keep),
            ("failure", Decision::Keep),
        ] {
            read.outcome = Some(crate::event::Outcome::of(result));
            assert_eq!(rules.decide(&read), expect, "{result}");
        }
    }

    #[test]
    fn samples_depend_on_the_id_and_are_about_one_in_so_many() {
        let mut rules = Rules::default();
        let all = Rule {
            operation: Some("*".into()),
            ..rule("some")
        };
        rules.sample.push((all, 10));
        let mut kept = 0;
        for round in 0..10_000_u32 {
            let mut event = event("a.b", Nature::Change);
            event.id = crate::id::of("t", &[&round.to_be_bytes()]);
            let first = rules.decide(&event);
            assert_eq!(first, rules.decide(&event));
            kept += usize::from(first == Decision::Keep);
        }
        assert!((800..1_200).contains(&kept), "{kept}");
    }

    #[test]
    fn patterns_take_stars_anywhere_and_hostile_ones_end() {
        assert!(is_like("*", ""));
        assert!(is_like("a*c*", "abcd"));
        assert!(!is_like("a*c", "abcd"));
        assert!(!is_like("", "a"));
        let (pattern, text) = ("*a".repeat(128), "a".repeat(4_096) + "b");
        assert!(!is_like(&pattern, &text));
    }
}
