//! Two texts line by line.
//!
//! Promises: the lines that stayed and went are the old text, those that stayed and came the new one; work and memory are
//! bounded, beyond which texts count as replaced. Lines end as HTML ends them, whatever was sent.

/// Lines of both sides together beyond which texts are not compared.
const LINES_MAX: usize = 2_000;
/// Pairs of lines that are compared at most.
const PAIRS_MAX: usize = 1_000_000;
/// Unchanged lines that stay in sight beside a changed one.
const CONTEXT: usize = 3;
/// Fewer unchanged lines than this are not folded.
const FOLDED_MIN: usize = 4;

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Fate {
    Stayed,
    Went,
    Came,
}

impl Fate {
    /// As `data-line` and the style sheet have it.
    pub(in super::super) fn name(self) -> &'static str {
        match self {
            Self::Stayed => "same",
            Self::Went => "old",
            Self::Came => "new",
        }
    }

    /// The sign before the line.
    pub(in super::super) fn sign(self) -> &'static str {
        match self {
            Self::Stayed => " ",
            Self::Went => "−",
            Self::Came => "+",
        }
    }

    /// The sign in words, for who hears the page.
    pub(in super::super) fn word(self) -> &'static str {
        match self {
            Self::Stayed => "",
            Self::Went => "removed: ",
            Self::Came => "added: ",
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Line {
    pub(in super::super) fate: Fate,
    pub(in super::super) text: String,
}

/// Lines that stand together, folded away or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Stretch {
    pub(in super::super) folded: bool,
    pub(in super::super) lines: Vec<Line>,
}

/// What became of the lines of both texts; nothing if there are too many.
pub(super) fn compare(old: Option<&str>, new: Option<&str>) -> Option<Vec<Stretch>> {
    let (old, new) = (lines_of(old), lines_of(new));
    if old.len() + new.len() > LINES_MAX {
        return None;
    }
    Some(fold(fates(&old, &new)))
}

fn lines_of(text: Option<&str>) -> Vec<String> {
    let Some(text) = text else {
        return Vec::new();
    };
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.split('\n').map(str::to_owned).collect()
}

fn fates(old: &[String], new: &[String]) -> Vec<Line> {
    let line = |fate: Fate| {
        move |text: &String| Line {
            fate,
            text: text.clone(),
        }
    };
    let head = old
        .iter()
        .zip(new)
        .take_while(|(left, right)| left == right)
        .count();
    let (kept, old) = old.split_at(head);
    let new = &new[head..];
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(left, right)| left == right)
        .count();
    let (old, end) = old.split_at(old.len() - tail);
    let new = &new[..new.len() - tail];
    let mut lines: Vec<Line> = kept.iter().map(line(Fate::Stayed)).collect();
    if old.len().saturating_mul(new.len()) > PAIRS_MAX {
        lines.extend(old.iter().map(line(Fate::Went)));
        lines.extend(new.iter().map(line(Fate::Came)));
    } else {
        middle(old, new, &mut lines);
    }
    lines.extend(end.iter().map(line(Fate::Stayed)));
    lines
}

/// The longest common sequence of lines, and what is between.
fn middle(old: &[String], new: &[String], lines: &mut Vec<Line>) {
    let width = new.len() + 1;
    // common[i * width + j]: lines that old[i..] and new[j..] have in common at most.
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = if old[i] == new[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    // Each turn takes a line of one side or of both.
    while i < old.len() || j < new.len() {
        let (fate, text) = if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
            (Fate::Stayed, &old[i - 1])
        } else if j == new.len()
            || i < old.len() && common[(i + 1) * width + j] >= common[i * width + j + 1]
        {
            i += 1;
            (Fate::Went, &old[i - 1])
        } else {
            j += 1;
            (Fate::Came, &new[j - 1])
        };
        lines.push(Line {
            fate,
            text: text.clone(),
        });
    }
}

/// Folds what is far from every change.
fn fold(lines: Vec<Line>) -> Vec<Stretch> {
    let changed: Vec<bool> = lines.iter().map(|line| line.fate != Fate::Stayed).collect();
    let near = |index: usize| {
        let from = index.saturating_sub(CONTEXT);
        let to = (index + CONTEXT + 1).min(changed.len());
        changed[from..to].contains(&true)
    };
    let far: Vec<bool> = (0..lines.len()).map(|index| !near(index)).collect();
    let mut stretches: Vec<Stretch> = Vec::new();
    for (line, folded) in lines.into_iter().zip(far) {
        match stretches.last_mut() {
            Some(stretch) if stretch.folded == folded => stretch.lines.push(line),
            _ => stretches.push(Stretch {
                folded,
                lines: vec![line],
            }),
        }
    }
    for stretch in &mut stretches {
        stretch.folded &= stretch.lines.len() >= FOLDED_MIN;
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(old: Option<&str>, new: Option<&str>) -> String {
        let stretches = compare(old, new).unwrap();
        let lines = stretches.iter().flat_map(|stretch| &stretch.lines);
        lines
            .flat_map(|line| [line.fate.sign(), &line.text, "|"])
            .collect()
    }

    #[test]
    fn lines_that_stayed_stand_between_those_that_went_and_came() {
        assert_eq!(
            told(Some("a\nb\nc\nd"), Some("a\nx\nc\nd\ne")),
            " a|−b|+x| c| d|+e|"
        );
        assert_eq!(told(None, Some("a\nb")), "+a|+b|");
        assert_eq!(told(Some(""), None), "−|");
        assert_eq!(told(Some("a\r\nb\rc"), Some("a\nb\nc")), " a| b| c|");
    }

    #[test]
    fn both_texts_come_back_from_the_lines() {
        // Every pair of texts of up to five lines out of three.
        let texts: Vec<String> = (0..3_usize.pow(5))
            .map(|mut number| {
                let lines = (0..=number % 5).map(|_| {
                    let line = ["a", "b", ""][number % 3];
                    number /= 3;
                    line
                });
                lines.collect::<Vec<_>>().join("\n")
            })
            .collect();
        for old in texts.iter().step_by(3) {
            for new in &texts {
                let stretches = compare(Some(old), Some(new)).unwrap();
                let lines: Vec<Line> = stretches
                    .into_iter()
                    .flat_map(|stretch| stretch.lines)
                    .collect();
                let side = |not: Fate| {
                    let kept = lines.iter().filter(|line| line.fate != not);
                    kept.map(|line| line.text.as_str())
                        .collect::<Vec<_>>()
                        .join("\n")
                };
                assert_eq!(
                    (side(Fate::Came), side(Fate::Went)),
                    (old.clone(), new.clone())
                );
            }
        }
    }

    #[test]
    fn what_is_far_from_changes_is_folded_and_what_is_too_long_is_not_compared() {
        let old = vec!["same"; 20].join("\n");
        let stretches = compare(Some(&old), Some(&format!("{old}\nnew"))).unwrap();
        let told: Vec<_> = stretches
            .iter()
            .map(|stretch| (stretch.folded, stretch.lines.len()))
            .collect();
        assert_eq!(told, [(true, 17), (false, 4)]);
        let long = "x\n".repeat(LINES_MAX);
        assert_eq!(compare(Some(&long), None), None);
        let (left, right) = ("a\n".repeat(990), "b\n".repeat(990));
        assert!(compare(Some(&left), Some(&right)).is_some());
    }
}
