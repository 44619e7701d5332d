//! What readers without the right to see persons may search: the same rules as for what they are shown.

use std::net::{IpAddr, SocketAddr};

/// Whether resources of this type are people: nothing that was said about them is for analysts.
pub fn is_person_type(kind: &str) -> bool {
    kind.split('_').any(|word| {
        matches!(
            word,
            "user"
                | "users"
                | "member"
                | "members"
                | "person"
                | "people"
                | "account"
                | "profile"
                | "invitation"
                | "invite"
                | "session"
                | "contact"
                | "customer"
                | "employee"
        )
    })
}

/// Whether an e-mail or IP address stands anywhere in the text.
pub fn holds_address(text: &str) -> bool {
    // Every address has one of these.
    text.bytes().any(|byte| matches!(byte, b'@' | b'.' | b':'))
        && text.split(is_delimiter).any(is_address)
}

/// What ends a word that may be an address.
pub fn is_delimiter(character: char) -> bool {
    character.is_whitespace() || "\"'<>(){},;|=/\\".contains(character)
}

/// Whether a word is an e-mail or IP address, with a port or a name before it perhaps.
pub fn is_address(word: &str) -> bool {
    let word = word.trim_matches(['[', ']', '.', '!', '?']);
    let mail = word
        .rsplit_once('@')
        .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
    if mail {
        return true;
    }
    let hexadecimal = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':');
    if !word.bytes().last().is_some_and(hexadecimal) && !word.contains(']') {
        return false;
    }
    let is_ip = |text: &str| text.parse::<IpAddr>().is_ok();
    (word.len() > 2 && is_ip(word))
        || word.parse::<SocketAddr>().is_ok()
        || word
            .rsplit_once(':')
            .is_some_and(|(host, _)| is_ip(host.trim_matches(['[', ']'])))
        // A name before it: `ip:10.0.0.1`, `mailto:…` has an @ anyway.
        || word.split_once(':').is_some_and(|(_, rest)| is_ip(rest))
}
