//! The documents of one segment that meet a condition, in order, found by leaping.
//!
//! Promises: [`Docs::seek`] answers the first document at or behind a place, if it is asked for places in rising order. Wide alternatives
//! (beginnings, networks) are gathered in a bit set first, so that no step looks at thousands of lists.

use tantivy::postings::SegmentPostings;
use tantivy::{DocId, DocSet, TERMINATED};

use super::budget::Budget;
use super::condition::Condition;
use super::segment::{IndexResult, SegmentView};

/// Alternatives that are looked at side by side; more of them are gathered in a bit set.
const SIDE_BY_SIDE_MAX: usize = 16;

/// Documents in order.
pub(crate) enum Docs<'a> {
    None,
    /// From the first to below the second.
    Range(DocId, DocId),
    Postings(Box<SegmentPostings>),
    Bits(Bits),
    /// All of these, and where they met last.
    Every(Vec<Self>, DocId),
    Any(Vec<Self>),
    /// Not these, the number of documents, and the last answer.
    Not(Box<Self>, DocId, DocId),
    /// Documents whose seq is within these bounds.
    Seqs(&'a SegmentView, u64, u64),
}

/// A set of documents.
#[derive(Clone, Debug)]
pub(crate) struct Bits {
    words: Vec<u64>,
}

impl Bits {
    pub(crate) fn new(docs: DocId) -> Self {
        Self {
            words: vec![0; (docs as usize).div_ceil(64)],
        }
    }

    pub(crate) fn insert(&mut self, doc: DocId) {
        if let Some(word) = self.words.get_mut(doc as usize / 64) {
            *word |= 1 << (doc % 64);
        }
    }

    pub(crate) fn insert_range(&mut self, from: DocId, to: DocId) {
        for doc in from..to {
            self.insert(doc);
        }
    }

    pub(crate) fn has(&self, doc: DocId) -> bool {
        self.words
            .get(doc as usize / 64)
            .is_some_and(|word| word & (1 << (doc % 64)) != 0)
    }

    pub(crate) fn insert_all(&mut self, postings: &mut SegmentPostings) {
        let mut doc = postings.doc();
        while doc != TERMINATED {
            self.insert(doc);
            doc = postings.advance();
        }
    }

    /// How many there are from the first to below the second.
    pub(crate) fn count(&self, from: DocId, to: DocId) -> u64 {
        let (from, to) = (from as usize, (to as usize).min(self.words.len() * 64));
        if from >= to {
            return 0;
        }
        let (first, last) = (from / 64, (to - 1) / 64);
        let mut count = 0;
        for (index, word) in self.words.iter().enumerate().take(last + 1).skip(first) {
            let mut word = *word;
            if index == first {
                word &= u64::MAX << (from % 64);
            }
            if index == last {
                word &= u64::MAX >> (63 - (to - 1) % 64);
            }
            count += u64::from(word.count_ones());
        }
        count
    }

    /// The first one at or behind a place.
    pub(crate) fn seek(&self, target: DocId) -> DocId {
        let start = target as usize / 64;
        for (index, word) in self.words.iter().enumerate().skip(start) {
            let mut word = *word;
            if index == start {
                word &= u64::MAX << (target % 64);
            }
            if word != 0 {
                let doc = index * 64 + word.trailing_zeros() as usize;
                return u32::try_from(doc).unwrap_or(TERMINATED);
            }
        }
        TERMINATED
    }

    /// The last one below a place.
    pub(crate) fn last_below(&self, end: DocId) -> Option<DocId> {
        let end = (end as usize).min(self.words.len() * 64);
        let last = end.checked_sub(1)?;
        for index in (0..=last / 64).rev() {
            let mut word = *self.words.get(index)?;
            if index == last / 64 {
                word &= u64::MAX >> (63 - last % 64);
            }
            if word != 0 {
                return u32::try_from(index * 64 + 63 - word.leading_zeros() as usize).ok();
            }
        }
        None
    }
}

impl<'a> Docs<'a> {
    /// The documents of `segment` that meet `condition`.
    ///
    /// When the budget is over afterwards, some of them may lack.
    pub(crate) fn of(
        segment: &'a SegmentView,
        condition: &Condition,
        budget: &Budget,
    ) -> IndexResult<Self> {
        Ok(match condition {
            Condition::All => Self::Range(0, segment.docs),
            Condition::Nothing => Self::None,
            Condition::Term(term) => match segment.postings(term)? {
                Some(postings) if postings.doc_freq() == segment.docs => {
                    Self::Range(0, segment.docs)
                }
                Some(postings) => Self::Postings(Box::new(postings)),
                None => Self::None,
            },
            Condition::Between(from, to) => Self::between(segment, from, to, budget)?,
            Condition::Any(parts) => {
                let parts: IndexResult<Vec<_>> = parts
                    .iter()
                    .map(|part| Self::of(segment, part, budget))
                    .collect();
                let mut parts = parts?;
                parts.retain(|part| !matches!(part, Self::None));
                if parts.len() > SIDE_BY_SIDE_MAX {
                    let mut bits = Bits::new(segment.docs);
                    for part in &mut parts {
                        let mut doc = part.seek(0);
                        while doc != TERMINATED {
                            bits.insert(doc);
                            doc = part.seek(doc + 1);
                        }
                    }
                    Self::Bits(bits)
                } else {
                    any(parts)
                }
            }
            Condition::Every(parts) => {
                let mut docs = Vec::with_capacity(parts.len());
                // Times cost nothing, and often say that nothing else need be read.
                let is_time = |part: &&Condition| matches!(part, Condition::Time(..));
                let (times, others): (Vec<_>, Vec<_>) = parts.iter().partition(is_time);
                for part in times.into_iter().chain(others) {
                    match Self::of(segment, part, budget)? {
                        Self::None => return Ok(Self::None),
                        part => docs.push(part),
                    }
                }
                every(docs)
            }
            Condition::Not(inner) => match Self::of(segment, inner, budget)? {
                Self::None => Self::Range(0, segment.docs),
                inner => Self::Not(Box::new(inner), segment.docs, 0),
            },
            Condition::Time(min, max) => {
                let (from, to) = segment.range(*min, *max);
                Self::range(from, to)
            }
            Condition::Seq(first, last) => {
                if *first == 0 && *last >= segment.seq_max() {
                    Self::Range(0, segment.docs)
                } else {
                    Self::Seqs(segment, *first, *last)
                }
            }
        })
    }

    /// The documents that have a term from `from` to below `to`.
    fn between(
        segment: &'a SegmentView,
        from: &[u8],
        to: &[u8],
        budget: &Budget,
    ) -> IndexResult<Self> {
        let mut lists: Vec<SegmentPostings> = Vec::new();
        let mut bits: Option<Bits> = None;
        segment.for_each_term(from, to, |_, _, mut postings| {
            if budget.is_over() {
                return false;
            }
            if let Some(bits) = &mut bits {
                bits.insert_all(&mut postings);
                return true;
            }
            lists.push(postings);
            if lists.len() > SIDE_BY_SIDE_MAX {
                let mut all = Bits::new(segment.docs);
                for mut list in lists.drain(..) {
                    all.insert_all(&mut list);
                }
                bits = Some(all);
            }
            true
        })?;
        Ok(match bits {
            Some(bits) => Self::Bits(bits),
            None => any(lists
                .into_iter()
                .map(|list| Self::Postings(Box::new(list)))
                .collect()),
        })
    }

    /// These documents, as long as they are from the first to below the second.
    pub(crate) fn within(self, from: DocId, to: DocId) -> Self {
        every(vec![Self::range(from, to), self])
    }

    fn range(from: DocId, to: DocId) -> Self {
        if from < to {
            Self::Range(from, to)
        } else {
            Self::None
        }
    }

    /// The first document at or behind `target`; `TERMINATED` when there is none.
    pub(crate) fn seek(&mut self, target: DocId) -> DocId {
        match self {
            Self::None => TERMINATED,
            Self::Range(from, to) => {
                let doc = target.max(*from);
                if doc < *to { doc } else { TERMINATED }
            }
            Self::Postings(postings) => {
                if postings.doc() < target {
                    if target == TERMINATED {
                        TERMINATED
                    } else {
                        postings.seek(target)
                    }
                } else {
                    postings.doc()
                }
            }
            Self::Bits(bits) => bits.seek(target),
            Self::Any(parts) => parts
                .iter_mut()
                .map(|part| part.seek(target))
                .min()
                .unwrap_or(TERMINATED),
            // Parts have moved on to the last answer; what lies before it must not be asked of them again.
            Self::Every(_, last) | Self::Not(_, _, last) if target <= *last && *last > 0 => *last,
            Self::Every(parts, last) => {
                *last = meet(parts, target);
                *last
            }
            Self::Not(inner, docs, last) => {
                let mut target = target;
                while target < *docs && inner.seek(target) == target {
                    target += 1;
                }
                *last = if target < *docs { target } else { TERMINATED };
                *last
            }
            Self::Seqs(segment, first, last) => {
                let mut target = target;
                while target < segment.docs && !(*first..=*last).contains(&segment.seq(target)) {
                    target += 1;
                }
                if target < segment.docs {
                    target
                } else {
                    TERMINATED
                }
            }
        }
    }

    /// About how many there are at most: the rarest leads.
    fn cost(&self) -> u64 {
        match self {
            Self::None => 0,
            Self::Range(from, to) => u64::from(to.saturating_sub(*from)),
            Self::Postings(postings) => u64::from(postings.doc_freq()),
            Self::Bits(bits) => bits.words.len() as u64 * 8,
            Self::Every(parts, _) => parts.iter().map(Self::cost).min().unwrap_or(0),
            Self::Any(parts) => parts.iter().map(Self::cost).sum(),
            Self::Not(_, docs, _) => u64::from(*docs),
            // Each step reads a column.
            Self::Seqs(segment, ..) => u64::from(segment.docs) * 2,
        }
    }
}

/// The first document at or behind `target` that all parts have.
fn meet(parts: &mut [Docs<'_>], mut target: DocId) -> DocId {
    'again: loop {
        for part in &mut *parts {
            let doc = part.seek(target);
            if doc == TERMINATED {
                return TERMINATED;
            }
            if doc > target {
                target = doc;
                continue 'again;
            }
        }
        return target;
    }
}

fn any(mut parts: Vec<Docs<'_>>) -> Docs<'_> {
    match parts.len() {
        0 => Docs::None,
        1 => parts.pop().unwrap_or(Docs::None),
        _ => Docs::Any(parts),
    }
}

fn every(parts: Vec<Docs<'_>>) -> Docs<'_> {
    // Ranges meet in one range.
    let (mut from, mut to) = (0, TERMINATED);
    let mut kept = Vec::with_capacity(parts.len() + 1);
    for part in parts {
        match part {
            Docs::None => return Docs::None,
            Docs::Range(first, end) => (from, to) = (from.max(first), to.min(end)),
            Docs::Every(inner, _) => kept.extend(inner),
            part => kept.push(part),
        }
    }
    if from >= to {
        return Docs::None;
    }
    kept.sort_by_key(Docs::cost);
    if (from, to) != (0, TERMINATED) || kept.is_empty() {
        kept.insert(0, Docs::Range(from, to));
    }
    if kept.len() == 1 {
        return kept.pop().unwrap_or(Docs::None);
    }
    Docs::Every(kept, 0)
}
