//! Which field names hold secrets, and which hold public digests.
//!
//! Promises: one answer for every spelling of a name (`refreshToken`, `refresh-token`, `REFRESH_TOKEN`,
//! `user.refresh_token`, `refresh_token_2`), without allocating. Must never: take a name that *describes* a secret
//! (its id, its age, its file) for the secret.
//!
//! The rule is English grammar: the last word of a compound says what the thing is. `token_id` is an id,
//! `password_changed_at` a time, `id_token` a token.

/// Longest tail of a name that is looked at, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// Most words that are taken off the end of a name in search of its head.
const TAILS_MAX: usize = 3;

/// Words that are secrets by themselves when they are the last word.
#[rustfmt::skip] // a table of words reads better packed
static HEADS: Words = Words::of(&[
    "password", "passwd", "passphrase", "passcode", "pwd", "pw", "pass", "secret", "token",
    "credential", "cred", "authorization", "cookie", "apikey", "secretkey", "privatekey",
    "privkey", "accesskey", "authkey", "signingkey", "encryptionkey", "masterkey", "accountkey",
    "sharedaccesssignature", "dsn", "jwt", "otp", "totp", "pin", "pincode",
    "cvv", "cvc", "ssn", "bearer", "mnemonic", "salt", "connectionstring", "connstr",
    "jsessionid", "phpsessid", "samlresponse", "passwort", "kennwort", "senha", "contrasena",
    "wachtwoord",
]);

/// Words that make a secret of whatever they end: `dbpassword`, `accesstoken`.
#[rustfmt::skip] // a table of words reads better packed
static HEAD_ENDINGS: Words = Words::of(&[
    "password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "apikey",
    "secretkey", "privatekey", "accesskey", "credential",
]);

/// Last words that are secret after certain words only: (last word, words before it).
#[rustfmt::skip] // a table of words reads better packed
static PAIRS: &[(&str, Words)] = &[
    ("key", Words::of(&[
        "api", "private", "priv", "secret", "access", "auth", "authentication", "signing", "sign",
        "signature", "encryption", "encrypt", "decryption", "decrypt", "master", "account",
        "shared", "admin", "hmac", "aes", "client", "app", "application", "session",
        "webhook", "symmetric", "root", "consumer", "service", "license", "licence", "unseal",
        "unlock", "recovery", "integration", "ingest", "ingestion", "write", "jwt", "jwk",
        "cookie", "token", "password", "subscription", "functions", "functionapp", "function",
        "stripe", "openai", "anthropic", "sendgrid", "twilio", "datadog", "dd", "mailgun",
        "github", "gitlab", "aws", "gcp", "azure", "google", "algolia", "newrelic", "relic",
        "pagerduty", "heroku", "honeycomb", "sentry", "mapbox", "cloudflare", "fernet",
        "wireguard", "pgp", "gpg", "tls", "ssl",
    ])),
    ("code", Words::of(&[
        "otp", "totp", "mfa", "fa", "factor", "backup", "recovery", "verification", "security",
        "auth", "authorization", "pin", "sms", "device",
    ])),
    ("string", Words::of(&["connection", "conn"])),
    ("str", Words::of(&["connection", "conn"])),
    ("signature", Words::of(&["access"])),
    ("response", Words::of(&["saml"])),
    ("phrase", Words::of(&["pass", "seed", "recovery", "secret", "mnemonic"])),
    ("word", Words::of(&["pass"])),
    ("wd", Words::of(&["pass"])),
    ("seed", Words::of(&["totp", "otp", "mfa", "wallet", "master"])),
    ("number", Words::of(&["card", "security"])),
    ("assertion", Words::of(&["saml", "client", "jwt"])),
    ("verifier", Words::of(&["code"])),
    ("auth", Words::of(&["basic", "http", "proxy", "npm", "docker"])),
    ("header", Words::of(&["auth", "authorization", "cookie"])),
    ("material", Words::of(&["key"])),
    ("sessid", Words::of(&["php", "j"])),
    ("sessionid", Words::of(&["j"])),
];

/// What stands before `pass` in names written as one word; others (`bypass`, `compass`) are ordinary words.
#[rustfmt::skip] // a table of words reads better packed
static PASS_OWNERS: Words = Words::of(&[
    "db", "user", "my", "smtp", "mysql", "ftp", "root", "admin", "ldap", "mail", "redis", "pg",
    "login",
]);

/// Last words that make a secret of a secret: a hash can be guessed at, a hint helps to.
static DERIVED: Words = Words::of(&["hash", "digest", "checksum", "hint", "verifier"]);

/// Last words that say how a secret is written or which one it is: taken off before looking again.
#[rustfmt::skip] // a table of words reads better packed
static TAILS: Words = Words::of(&[
    "value", "plaintext", "plain", "cleartext", "clear", "string", "text", "binary", "data", "raw",
    "pem", "json", "base", "confirmation", "confirm", "again", "repeat", "new", "old", "current",
    "previous", "prev", "next", "encrypted", "enc", "decrypted", "prod", "production", "staging",
    "stage", "dev", "test", "live", "sandbox", "primary", "secondary", "default", "input",
    "content",
]);

/// Words before `token` that make it a cursor, a request id or a count.
#[rustfmt::skip] // a table of words reads better packed
static OTHER_TOKENS: Words = Words::of(&[
    "page", "pagination", "continuation", "next", "cursor", "sync", "scroll", "idempotency", "max",
    "min", "total", "prompt", "completion", "input", "output", "num", "used", "cached", "cache",
    "reasoning", "remaining", "generated",
]);

/// First words that make a yes or no, or a count, of what follows.
#[rustfmt::skip] // a table of words reads better packed
static ASKING: Words = Words::of(&[
    "is", "has", "had", "was", "can", "should", "must", "may", "needs", "requires", "require",
    "required", "allow", "allows", "allowed", "enable", "enabled", "disable", "disabled", "no",
    "not", "without", "num", "count", "max", "min", "total", "show", "hide",
]);

/// Secret words of languages that are not written in ASCII.
const FOREIGN: &[&str] = &[
    "contraseña",
    "пароль",
    "密码",
    "密碼",
    "パスワード",
    "비밀번호",
];

/// Words that name something published under its digest.
#[rustfmt::skip] // a table of words reads better packed
static ARTIFACTS: Words = Words::of(&[
    "digest", "image", "checksum", "artifact", "artefact", "manifest", "layer", "commit", "sha",
    "tree", "etag", "integrity", "blob", "oid", "revision", "ref", "attestation", "provenance",
    "sbom", "fingerprint", "thumbprint", "package", "release", "container", "chart", "bundle",
    "subject", "tag", "build", "file", "git", "content", "root", "leaf", "block", "snapshot",
    "merkle", "checkpoint", "repository", "registry", "repo", "parent", "head", "archive",
]);

/// Words under which a digest stands for a value and not for something published.
static VALUES: Words = Words::of(&["value", "env", "variable"]);

/// Whether a field of this name holds a secret, whatever the value looks like.
///
/// The name is cut into words at anything but letters and digits, at `camelCase` humps and after digits; case,
/// trailing digits and a plural `s` do not count. It is secret when
/// 1. the last word is a secret (`password`, `token`, `authorization`, `cookie`, `dsn`, …) or ends in one
///    (`dbpassword`), or
/// 2. the last two words together are (`api_key`, `connection_string`, `pass_word`, `recovery_code`), or
/// 3. it is 1 or 2 after taking off words that only say which or how written (`secret_value`, `private_key_pem`,
///    `SecretString`), or it derives from one (`password_hash`, `password_hint`);
///
/// but not when the first word asks or counts (`has_password`, `max_tokens`), nor for tokens that are cursors or
/// request ids (`next_page_token`, `idempotency_token`). Judged secret: `salt`, `otp`, `pin`, `cvv`, `ssn`,
/// `card_number`, `csrf_token`. Judged not secret: `key` and `auth` alone, `session_id`, `secret_id`, `public_key`,
/// `ssh_key`, `database_url` (only the password inside it is), `signature`.
pub fn is_secret_name(field_name: &str) -> bool {
    if !ends_like_secret(field_name.as_bytes()) {
        return false;
    }
    if !field_name.is_ascii() && FOREIGN.iter().any(|word| field_name.contains(word)) {
        return true;
    }
    if field_name.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return is_secret_head(None, field_name.as_bytes());
    }
    let snake = Snake::of(field_name.as_bytes());
    let mut rest = snake.words();
    let mut first = rest.clone();
    if first.next().is_some_and(|word| ASKING.has(word)) && first.next().is_some() {
        return false;
    }
    for _ in 0..=TAILS_MAX {
        let Some(last) = rest.next_back() else {
            return false;
        };
        let before = rest.clone().next_back();
        if is_secret_head(before, last) {
            return true;
        }
        if DERIVED.has(last) {
            let above = rest.clone().nth_back(1);
            return before.is_some_and(|head| is_secret_head(above, head));
        }
        if !TAILS.has(last) && last != b"b64" {
            return false;
        }
    }
    false
}

/// Whether a bare `sha256:…` under this name is the public digest of an artifact (`image_digest`, `commit`, `etag`)
/// and may stay readable, and not the hash of a value (`value_hash`, `password_digest`).
///
/// It is when some word of the name is an artifact's (`image`, `layer`, `commit`, `checksum`, `digest`, `sha`, …) and
/// none is a value's or a secret's.
pub fn is_artifact_name(field_name: &str) -> bool {
    let snake = Snake::of(field_name.as_bytes());
    let mut artifact = false;
    let mut before = None;
    for word in snake.words() {
        if VALUES.has(word) || is_secret_head(before, word) {
            return false;
        }
        artifact |= ARTIFACTS.has(word);
        before = Some(word);
    }
    artifact
}

/// Whether the last word, knowing the word before it, is a secret.
fn is_secret_head(before: Option<&[u8]>, last: &[u8]) -> bool {
    let bare = without_digits(last);
    let singular = bare.strip_suffix(b"s").unwrap_or(bare);
    let is_other = match bare {
        b"token" | b"tokens" => before.is_some_and(|word| OTHER_TOKENS.has(word)),
        b"pass" => matches!(
            before,
            Some(b"test" | b"tests" | b"checks" | b"all" | b"by")
        ),
        b"secrets" => before == Some(b"pull"), // names of Kubernetes secrets
        _ => false,
    };
    if is_other {
        return false;
    }
    HEADS.has(bare)
        || HEAD_ENDINGS.is_end_of(singular)
        || PAIR_HINTS & (Words::hint(bare) | Words::hint(singular)) != 0
            && PAIRS.iter().any(|(head, qualifiers)| {
                (head.as_bytes() == singular || head.as_bytes() == bare)
                    && before.is_some_and(|word| qualifiers.has(word))
            })
        || bare
            .strip_suffix(b"pass")
            .is_some_and(|owner| PASS_OWNERS.has(owner))
}

fn without_digits(word: &[u8]) -> &[u8] {
    let digits = word
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    match word.split_at_checked(word.len() - digits) {
        Some((bare, _)) if !bare.is_empty() => bare,
        _ => word,
    }
}

/// The tail of a name in lower case with `_` between its words, on the stack.
struct Snake {
    bytes: [u8; NAME_BYTES_MAX * 2],
    length: usize,
}

impl Snake {
    fn of(name: &[u8]) -> Self {
        let mut snake = Self {
            bytes: [0; NAME_BYTES_MAX * 2],
            length: 0,
        };
        let tail = name
            .len()
            .checked_sub(NAME_BYTES_MAX)
            .and_then(|start| name.get(start..))
            .unwrap_or(name);
        let mut before = b'_';
        let mut rest = tail.iter().copied().peekable();
        while let Some(byte) = rest.next() {
            if !byte.is_ascii_alphanumeric() {
                snake.push(b'_');
                before = b'_';
                continue;
            }
            let hump = byte.is_ascii_uppercase()
                && (before.is_ascii_lowercase()
                    || before.is_ascii_uppercase()
                        && rest.peek().is_some_and(u8::is_ascii_lowercase));
            if hump || before.is_ascii_digit() && byte.is_ascii_alphabetic() {
                snake.push(b'_');
            }
            snake.push(byte.to_ascii_lowercase());
            before = byte;
        }
        snake
    }

    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.length) {
            *slot = byte;
            self.length += 1;
        }
    }

    /// Its words; words of digits alone (an index, a number) are left out.
    fn words(&self) -> impl DoubleEndedIterator<Item = &[u8]> + Clone {
        self.bytes
            .get(..self.length)
            .unwrap_or_default()
            .split(|&byte| byte == b'_')
            .filter(|word| word.iter().any(u8::is_ascii_alphabetic))
    }
}

/// The filter of all last words of [`PAIRS`].
static PAIR_HINTS: u64 = {
    let mut hints = 0;
    let mut pairs = PAIRS;
    while let [(head, _), rest @ ..] = pairs {
        hints |= Words::hint(head.as_bytes());
        pairs = rest;
    }
    hints
};

/// A list of words with a filter before it, so that a word that is not in it mostly costs one look.
struct Words {
    list: &'static [&'static str],
    /// A bit for each [`Self::hint`] of its words.
    hints: u64,
    /// A bit for each [`Self::end_hint`] of its words.
    end_hints: u64,
}

impl Words {
    const fn of(list: &'static [&'static str]) -> Self {
        let (mut hints, mut end_hints) = (0, 0);
        let mut rest = list;
        while let [word, others @ ..] = rest {
            hints |= Self::hint(word.as_bytes());
            end_hints |= Self::end_hint(word.as_bytes());
            rest = others;
        }
        Self {
            list,
            hints,
            end_hints,
        }
    }

    /// One bit, by the first and the last letter and the length.
    const fn hint(word: &[u8]) -> u64 {
        match word {
            [only] => 1 << (*only & 63),
            [first, .., last] => {
                1 << ((*first as usize * 7 + *last as usize * 3 + word.len()) & 63)
            }
            [] => 0,
        }
    }

    /// One bit, by the last two letters.
    const fn end_hint(word: &[u8]) -> u64 {
        match word {
            [.., second, last] => 1 << ((*second as usize * 5 + *last as usize) & 63),
            _ => 0,
        }
    }

    /// Whether `word` is one of them, in the singular or the plural, digits at its end aside.
    fn has(&self, word: &[u8]) -> bool {
        let bare = without_digits(word);
        self.has_exactly(bare)
            || bare
                .strip_suffix(b"s")
                .is_some_and(|singular| self.has_exactly(singular))
    }

    fn has_exactly(&self, word: &[u8]) -> bool {
        self.hints & Self::hint(word) != 0 && self.list.iter().any(|known| known.as_bytes() == word)
    }

    /// Whether `word` ends with one of them.
    fn is_end_of(&self, word: &[u8]) -> bool {
        self.end_hints & Self::end_hint(word) != 0
            && self
                .list
                .iter()
                .any(|known| word.ends_with(known.as_bytes()))
    }
}

/// Cheap first look: whether the last three letters could end a secret name. Most names stop here.
fn ends_like_secret(name: &[u8]) -> bool {
    let mut letters = name
        .iter()
        .rev()
        .copied()
        .skip_while(|byte| byte.is_ascii() && !byte.is_ascii_alphabetic());
    let (Some(last), Some(second)) = (letters.next(), letters.next()) else {
        return false;
    };
    if !last.is_ascii() || !second.is_ascii_alphabetic() {
        return true;
    }
    let third = letters.next().unwrap_or(b'_');
    is_ending(third, second, last)
        || last | 0x20 == b's' && is_ending(letters.next().unwrap_or(b'_'), third, second)
}

fn is_ending(third: u8, second: u8, last: u8) -> bool {
    let row = usize::from(third & 31) << 5 | usize::from(second & 31);
    ENDINGS
        .get(row)
        .is_some_and(|row| row & (1 << (last & 31)) != 0)
}

/// For each two letters before it, a bit for each last letter of the words above.
static ENDINGS: [u32; 1024] = endings();

const fn endings() -> [u32; 1024] {
    let mut table = [0; 1024];
    let mut lists: &[&[&str]] = &[HEADS.list, HEAD_ENDINGS.list, DERIVED.list, TAILS.list];
    while let [list, others @ ..] = lists {
        let mut words = *list;
        while let [word, rest @ ..] = words {
            table = with_ending(table, word.as_bytes());
            words = rest;
        }
        lists = others;
    }
    let mut pairs = PAIRS;
    while let [(head, _), rest @ ..] = pairs {
        table = with_ending(table, head.as_bytes());
        pairs = rest;
    }
    table
}

#[expect(
    clippy::indexing_slicing,
    reason = "runs at compile time, with masked indexes"
)]
const fn with_ending(mut table: [u32; 1024], word: &[u8]) -> [u32; 1024] {
    match word {
        [.., third, second, last] => {
            table[((*third & 31) as usize) << 5 | (*second & 31) as usize] |= 1 << (*last & 31);
        }
        // Anything may stand before a word of two letters.
        [second, last] => {
            let mut third = 0;
            while third < 32 {
                table[third << 5 | (*second & 31) as usize] |= 1 << (*last & 31);
                third += 1;
            }
        }
        _ => {}
    }
    table
}

#[cfg(test)]
mod tests;
