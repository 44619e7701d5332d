//! JSON values that stand one after the other: a line each, or with nothing between them.
//!
//! Promises: linear in the length of the text, copies nothing; what is no JSON comes out too, so that whoever parses the
//! pieces finds out. Must never: decide whether a piece is JSON; only strings and brackets are followed.

/// The pieces of a text, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Sequence<'a> {
    rest: &'a [u8],
}

impl<'a> Sequence<'a> {
    /// Of a whole body; a byte order mark at its start is passed over.
    pub(crate) fn new(text: &'a [u8]) -> Self {
        let rest = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        Self { rest }
    }
}

impl<'a> Iterator for Sequence<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest.trim_ascii_start();
        let end = match rest.first()? {
            b'{' | b'[' => value_end(rest),
            _ => rest
                .iter()
                .position(|byte| *byte == b'\n')
                .unwrap_or(rest.len()),
        };
        let (piece, after) = rest.split_at_checked(end)?;
        self.rest = after;
        Some(piece.trim_ascii_end())
    }
}

/// Where the object or array ends that a text begins with; the end of the text if it is never closed.
fn value_end(text: &[u8]) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<String> {
        Sequence::new(text.as_bytes())
            .map(|piece| String::from_utf8_lossy(piece).into_owned())
            .collect()
    }

    #[test]
    fn values_come_apart_with_and_without_lines_between() {
        assert_eq!(
            pieces("{\"a\":\"}\\\"{\"}{\"b\":[{}]}\r\n[1]\n"),
            ["{\"a\":\"}\\\"{\"}", "{\"b\":[{}]}", "[1]"]
        );
        assert_eq!(pieces("\u{feff}{}"), ["{}"]);
        assert_eq!(pieces(" \n\t"), Vec::<String>::new());
    }

    #[test]
    fn what_is_no_json_comes_out_line_by_line_or_whole() {
        assert_eq!(pieces("oops {\n{}"), ["oops {", "{}"]);
        assert_eq!(pieces("{}{\"a\": [1"), ["{}", "{\"a\": [1"]);
        assert_eq!(pieces("{]}{}"), ["{]", "}{}"]);
    }
}
