//! Cutting what is too large for a part: the longest texts first, each with its length and a keyed tag of the whole.
//!
//! Promises: what fits is not touched; the cut is the same for the same event; after it, the part fits whatever was sent.
//! Must never: see a value before masking did.

use std::borrow::Cow;

use crate::event::Event;
use crate::json::{Member, Value, push_token};
use crate::keyring::TenantKeys;
use crate::limits::PART_BYTES_MAX;
use crate::warning::Warning;

/// Room for salt, label, brackets and the list of what was cut.
const ROOM: usize = 16 * 1024;
/// Lengths that texts are cut to, in the order tried.
const LENGTHS: [usize; 6] = [64 * 1024, 16 * 1024, 4 * 1024, 1024, 256, 64];
/// Most cuts that are warned of one by one.
const WARNINGS_MAX: usize = 20;

/// Cuts both parts of an event to size. Whether anything was cut.
pub(super) fn fit(event: &mut Event<'_>, keys: &TenantKeys) -> bool {
    let kind = event.resource.kind.clone().into_owned();
    let id = event.resource.id.as_deref().unwrap_or_default().to_owned();
    let mut cutter = Cutter {
        keys,
        kind: &kind,
        id: &id,
        pointers: Vec::new(),
    };
    cutter.part(&mut event.person);
    cutter.part(&mut event.details);
    let cut = !cutter.pointers.is_empty();
    for pointer in cutter.pointers.into_iter().take(WARNINGS_MAX) {
        let words = "too long for its part: cut, with its length and a keyed tag";
        event
            .warnings
            .push(Warning::new("truncated", pointer, words));
    }
    cut
}

struct Cutter<'k> {
    keys: &'k TenantKeys,
    kind: &'k str,
    id: &'k str,
    pointers: Vec<String>,
}

impl Cutter<'_> {
    fn part(&mut self, members: &mut Vec<Member<'_>>) {
        if size(members) <= PART_BYTES_MAX - ROOM {
            return;
        }
        for most in LENGTHS {
            for (name, value) in &mut *members {
                let mut pointer = String::new();
                push_token(&mut pointer, name);
                self.texts(value, most, &mut pointer);
            }
            if size(members) <= PART_BYTES_MAX - ROOM {
                return;
            }
        }
        // Too many values rather than too long ones: the largest members become texts, which can be cut.
        while size(members) > PART_BYTES_MAX - ROOM {
            let largest = members
                .iter_mut()
                .max_by_key(|(_, value)| value.to_compact().len());
            let Some((name, value)) = largest else { return };
            let mut pointer = String::new();
            push_token(&mut pointer, name);
            let whole = value.to_compact();
            *value = Value::string(self.cut(&whole, 0, &pointer));
        }
    }

    fn texts(&mut self, value: &mut Value<'_>, most: usize, pointer: &mut String) {
        let length = pointer.len();
        match value {
            // Half as long again: what was cut before isn't cut again for its mark.
            Value::String(text) if text.len() > most + most / 2 => {
                *value = Value::String(Cow::Owned(self.cut(text, most, pointer)));
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    push_token(pointer, &index.to_string());
                    self.texts(item, most, pointer);
                    pointer.truncate(length);
                }
            }
            Value::Object(members) => {
                for (name, member) in members {
                    push_token(pointer, name);
                    self.texts(member, most, pointer);
                    pointer.truncate(length);
                }
            }
            _ => {}
        }
    }

    /// The beginning of a text and the mark of the whole. What we cut before keeps its mark: that is of the whole.
    fn cut(&mut self, text: &str, most: usize, pointer: &str) -> String {
        let again = self.pointers.iter().any(|known| known == pointer);
        let marked = text.rfind("…[cut:").filter(|_| again);
        let (text, mark) = match marked.map(|at| text.split_at(at)) {
            Some((text, mark)) => (text, mark.to_owned()),
            None => (text, self.keys.cut_mark(self.kind, self.id, pointer, text)),
        };
        if !again {
            self.pointers.push(pointer.to_owned());
        }
        let kept = text.floor_char_boundary(most.min(text.len()));
        format!("{}{mark}", text.get(..kept).unwrap_or_default())
    }
}

fn size(members: &[Member<'_>]) -> usize {
    members
        .iter()
        .map(|(name, value)| name.len() + 4 + value.to_compact().len())
        .sum()
}
