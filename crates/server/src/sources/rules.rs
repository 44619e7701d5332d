//! Noise rules: from the wire to those that connectors ask, and back.

use api::{NoiseRule, NoiseRules};
use connectors::Vendor;
use connectors::event::Nature;
use connectors::noise::{PATTERN_BYTES_MAX, RULES_MAX, Rule, Rules, SAMPLE_MAX};
use store::SourceRecord;

/// Longest name of a rule in bytes.
const NAME_BYTES_MAX: usize = 64;
const NATURES: [(&str, Nature); 3] = [
    ("change", Nature::Change),
    ("read", Nature::Read),
    ("sensitive_read", Nature::SensitiveRead),
];

/// The rules of a stored source. What can't be read any more keeps everything.
pub(crate) fn of(source: &SourceRecord) -> Rules {
    if source.rules.is_empty() {
        return Vendor::parse(&source.vendor).map_or_else(Rules::none, Rules::of_vendor);
    }
    let stored: Option<NoiseRules> = serde_json::from_str(&source.rules).ok();
    stored
        .and_then(|rules| read(&rules).ok())
        .unwrap_or_else(Rules::none)
}

/// Reads rules from the wire. The error is what was expected, and where.
pub(crate) fn read(sent: &NoiseRules) -> Result<Rules, (String, String)> {
    let NoiseRules {
        include,
        exclude,
        sample,
    } = sent;
    if include.len() + exclude.len() + sample.len() > RULES_MAX {
        let expected = format!("expected at most {RULES_MAX} rules");
        return Err(("/rules".to_owned(), expected));
    }
    let list = |name: &str, sent: &[NoiseRule]| -> Result<Vec<Rule>, (String, String)> {
        let rules = sent.iter().enumerate();
        rules
            .map(|(index, sent)| rule(sent, &format!("/rules/{name}/{index}"), None))
            .map(|read| read.map(|(rule, _)| rule))
            .collect()
    };
    let sampled = sample.iter().enumerate().map(|(index, sent)| {
        let pointer = format!("/rules/sample/{index}");
        rule(sent, &pointer, Some(2..=SAMPLE_MAX))
    });
    Ok(Rules {
        include: list("include", include)?,
        exclude: list("exclude", exclude)?,
        sample: sampled.collect::<Result<_, _>>()?,
    })
}

fn rule(
    sent: &NoiseRule,
    pointer: &str,
    sampled: Option<std::ops::RangeInclusive<u32>>,
) -> Result<(Rule, u32), (String, String)> {
    let NoiseRule {
        name,
        operation,
        actor,
        verb,
        resource,
        outcome,
        nature,
        keep_one_in,
    } = sent;
    let wrong = |field: &str, expected: String| Err((format!("{pointer}/{field}"), expected));
    let named = (1..=NAME_BYTES_MAX).contains(&name.len());
    if !named || name.chars().any(char::is_control) {
        return wrong(
            "name",
            format!("expected a name of 1 to {NAME_BYTES_MAX} bytes"),
        );
    }
    let patterns = [
        ("operation", operation),
        ("actor", actor),
        ("verb", verb),
        ("resource", resource),
        ("outcome", outcome),
    ];
    if let Some((field, expected)) = unsound(&patterns) {
        return wrong(field, expected);
    }
    let nature = match nature.as_deref().map(nature_of) {
        None => None,
        Some(Some(nature)) => Some(nature),
        Some(None) => {
            return wrong(
                "nature",
                "expected change, read or sensitive_read".to_owned(),
            );
        }
    };
    if nature.is_none() && patterns.iter().all(|(_, pattern)| pattern.is_none()) {
        return Err((
            pointer.to_owned(),
            "expected at least one pattern".to_owned(),
        ));
    }
    let one_in = match (sampled, *keep_one_in) {
        (Some(range), Some(one_in)) if range.contains(&one_in) => one_in,
        (Some(_), _) => {
            return wrong(
                "keep_one_in",
                format!("expected a count from 2 to {SAMPLE_MAX}"),
            );
        }
        (None, None) => 1,
        (None, Some(_)) => return wrong("keep_one_in", "expected it under sample only".to_owned()),
    };
    let rule = Rule {
        name: name.clone(),
        operation: operation.clone(),
        actor: actor.clone(),
        verb: verb.clone(),
        resource: resource.clone(),
        outcome: outcome.clone(),
        nature,
    };
    Ok((rule, one_in))
}

fn nature_of(name: &str) -> Option<Nature> {
    let mut natures = NATURES.into_iter();
    let (_, nature) = natures.find(|(known, _)| *known == name)?;
    Some(nature)
}

/// The first pattern that is none, and what was expected.
fn unsound(patterns: &[(&'static str, &Option<String>)]) -> Option<(&'static str, String)> {
    let sound = |pattern: &String| {
        (1..=PATTERN_BYTES_MAX).contains(&pattern.len()) && !pattern.chars().any(char::is_control)
    };
    let (field, _) = patterns
        .iter()
        .find(|(_, pattern)| !pattern.as_ref().is_none_or(sound))?;
    let expected = format!("expected a pattern of 1 to {PATTERN_BYTES_MAX} bytes");
    Some((field, expected))
}

/// Rules as they are shown.
pub(crate) fn shown(rules: &Rules) -> NoiseRules {
    let list = |rules: &[Rule]| rules.iter().map(|rule| shown_rule(rule, None)).collect();
    let sample = rules.sample.iter();
    NoiseRules {
        include: list(&rules.include),
        exclude: list(&rules.exclude),
        sample: sample
            .map(|(rule, one_in)| shown_rule(rule, Some(*one_in)))
            .collect(),
    }
}

fn shown_rule(rule: &Rule, keep_one_in: Option<u32>) -> NoiseRule {
    let Rule {
        name,
        operation,
        actor,
        verb,
        resource,
        outcome,
        nature,
    } = rule;
    let nature = nature.and_then(|nature| {
        let mut natures = NATURES.into_iter();
        natures
            .find(|(_, known)| *known == nature)
            .map(|(name, _)| name.to_owned())
    });
    NoiseRule {
        name: name.clone(),
        operation: operation.clone(),
        actor: actor.clone(),
        verb: verb.clone(),
        resource: resource.clone(),
        outcome: outcome.clone(),
        nature,
        keep_one_in,
    }
}
