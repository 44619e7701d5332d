//! Signatures: a few bits of every term of an event, which say quickly that it does not have one.
//!
//! Promises: [`Probe::may_meet`] is true of every event that meets the condition; of others it is true rarely, and
//! whoever asks looks at the terms then.

use super::condition::Condition;
use super::terms::Terms;

/// Words of a signature.
const WORDS: usize = 16;
/// Bits that a term sets: of 1,024 a hundred terms set a quarter, so that one other term in sixty seems to be there.
const BITS: u32 = 3;

/// The bits of an event's terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signature([u64; WORDS]);

/// What the signature of an event that meets a condition must have.
#[derive(Clone, Debug)]
pub(crate) enum Probe {
    /// Nothing that signatures tell of.
    Anything,
    /// These bits.
    Bits(Box<Signature>),
    /// One of these.
    Any(Vec<Self>),
    /// All of these.
    Every(Vec<Self>),
}

impl Signature {
    pub(crate) fn of(terms: &Terms) -> Self {
        let mut signature = Self::default();
        for term in terms.iter() {
            signature.set(term);
        }
        signature
    }

    fn set(&mut self, term: &[u8]) {
        let mut hash = hash(term);
        for _ in 0..BITS {
            let bit = hash % (WORDS as u64 * 64);
            if let Some(word) = usize::try_from(bit / 64)
                .ok()
                .and_then(|at| self.0.get_mut(at))
            {
                *word |= 1 << (bit % 64);
            }
            hash >>= 10;
        }
    }

    fn has(&self, bits: &Self) -> bool {
        self.0
            .iter()
            .zip(&bits.0)
            .all(|(word, wanted)| word & wanted == *wanted)
    }
}

impl Probe {
    pub(crate) fn of(condition: &Condition) -> Self {
        match condition {
            Condition::Term(term) => {
                let mut bits = Signature::default();
                bits.set(term);
                Self::Bits(Box::new(bits))
            }
            Condition::Every(parts) => {
                // Bits that all have to be there are asked for at once.
                let mut bits = Signature::default();
                let mut others = Vec::new();
                for part in parts {
                    match Self::of(part) {
                        Self::Anything => {}
                        Self::Bits(more) => {
                            for (word, more) in bits.0.iter_mut().zip(more.0) {
                                *word |= more;
                            }
                        }
                        other => others.push(other),
                    }
                }
                let bits = Self::Bits(Box::new(bits));
                if others.is_empty() {
                    return bits;
                }
                others.insert(0, bits);
                Self::Every(others)
            }
            Condition::Any(parts) => {
                let parts: Vec<Self> = parts.iter().map(Self::of).collect();
                if parts.iter().any(|part| matches!(part, Self::Anything)) {
                    Self::Anything
                } else {
                    Self::Any(parts)
                }
            }
            // Bits say what may be there, never what isn't; and nothing of places in time, log or order.
            Condition::All
            | Condition::Nothing
            | Condition::Between(..)
            | Condition::Not(_)
            | Condition::Time(..)
            | Condition::Seq(..) => Self::Anything,
        }
    }

    pub(crate) fn may_meet(&self, signature: &Signature) -> bool {
        match self {
            Self::Anything => true,
            Self::Bits(bits) => signature.has(bits),
            Self::Any(parts) => parts.iter().any(|part| part.may_meet(signature)),
            Self::Every(parts) => parts.iter().all(|part| part.may_meet(signature)),
        }
    }
}

/// 64 bits that depend on every byte of a term.
fn hash(term: &[u8]) -> u64 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = term.len() as u64;
    let mut chunks = term.chunks_exact(8);
    for chunk in &mut chunks {
        let block = chunk.try_into().map_or(0, u64::from_le_bytes);
        state = (state ^ block).wrapping_mul(MULTIPLIER);
        state ^= state >> 32;
    }
    let rest = chunks.remainder();
    let block = rest
        .iter()
        .fold(0, |block, byte| (block << 8) | u64::from(*byte));
    state = (state ^ block).wrapping_mul(MULTIPLIER);
    (state ^ (state >> 29)).wrapping_mul(MULTIPLIER) >> 8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(text: &str) -> Condition {
        Condition::Term(text.as_bytes().to_vec())
    }

    fn signature(terms: &[&str]) -> Signature {
        let mut signature = Signature::default();
        for term in terms {
            signature.set(term.as_bytes());
        }
        signature
    }

    #[test]
    fn whoever_has_the_terms_may_meet_the_condition() {
        let event = signature(&["operation deployment.created", "project shop", "actor 42"]);
        let project = term("project shop");
        let other = term("project till");
        let cases = [
            (Condition::All, true),
            (project.clone(), true),
            (other.clone(), false),
            (
                Condition::Every(vec![project.clone(), term("actor 42")]),
                true,
            ),
            (
                Condition::Every(vec![project.clone(), other.clone()]),
                false,
            ),
            (Condition::Any(vec![project.clone(), other.clone()]), true),
            (Condition::Any(vec![other.clone(), term("actor 7")]), false),
            (
                Condition::Every(vec![
                    project.clone(),
                    Condition::Any(vec![other.clone(), Condition::Time(0, 1)]),
                ]),
                true,
            ),
            (Condition::Not(Box::new(project)), true),
            (Condition::Not(Box::new(other)), true),
        ];
        for (condition, expected) in cases {
            assert_eq!(
                Probe::of(&condition).may_meet(&event),
                expected,
                "{condition:?}"
            );
        }
    }

    #[test]
    fn few_of_those_who_have_it_not_seem_to() {
        let numbered = |from: u32| -> Vec<String> {
            (from..from + 100)
                .map(|number| format!("\0\0\0\u{1}v\0{number}"))
                .collect()
        };
        let terms = numbered(0);
        let event = signature(&terms.iter().map(String::as_str).collect::<Vec<_>>());
        for have in &terms {
            assert!(Probe::of(&term(have)).may_meet(&event));
        }
        let strangers = (1..=100).flat_map(|round| numbered(round * 1_000));
        let taken = strangers.filter(|text| Probe::of(&term(text)).may_meet(&event));
        let taken = taken.count();
        assert!((20..500).contains(&taken), "{taken} of 10,000");
    }
}
