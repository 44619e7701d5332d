//! What a request's URI asks for.

/// Most parameters that are looked at.
const PARAMETERS_MAX: usize = 100;

/// The path alone.
pub(super) fn path(uri: &str) -> &str {
    uri.split('?').next().unwrap_or_default()
}

/// The values of a parameter, in their order.
pub(super) fn values(uri: &str, name: &str) -> Vec<String> {
    let query = uri.split_once('?').map_or("", |(_, query)| query);
    query
        .split('&')
        .take(PARAMETERS_MAX)
        .filter_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then(|| decoded(value))
        })
        .collect()
}

/// The first value of a parameter, unless it is empty.
pub(super) fn value(uri: &str, name: &str) -> Option<String> {
    values(uri, name)
        .into_iter()
        .next()
        .filter(|value| !value.is_empty())
}

/// Percent signs and plus signs undone; what is not UTF-8 is replaced.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        let hex = |byte: &u8| char::from(*byte).to_digit(16);
        match (first, tail) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => {
                if let (Some(high), Some(low)) = (hex(high), hex(low)) {
                    bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
                    rest = after;
                } else {
                    bytes.push(b'%');
                }
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_and_broken_ones_harm_nobody() {
        let uri = "/api/v1/x?command=sh&command=-c&command=ls+%2Ftmp%20%zz%&dryRun=All&=&%";
        assert_eq!(path(uri), "/api/v1/x");
        assert_eq!(values(uri, "command"), ["sh", "-c", "ls /tmp %zz%"]);
        assert_eq!(value(uri, "dryRun").as_deref(), Some("All"));
        assert_eq!(value(uri, "none"), None);
        assert_eq!(value("/a?b=%ff", "b").as_deref(), Some("\u{fffd}"));
    }
}
