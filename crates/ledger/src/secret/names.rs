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
const HEADS: &[&str] = &[
    "password", "passwd", "passphrase", "passcode", "pwd", "pw", "pass", "secret", "token",
    "credential", "cred", "authorization", "cookie", "apikey", "secretkey", "privatekey",
    "privkey", "accesskey", "authkey", "signingkey", "encryptionkey", "masterkey", "accountkey",
    "sharedaccesssignature", "dsn", "jwt", "otp", "totp", "pin", "pincode",
    "cvv", "cvc", "ssn", "bearer", "mnemonic", "salt", "connectionstring", "connstr",
    "jsessionid", "phpsessid", "samlresponse", "passwort", "kennwort", "senha", "contrasena",
    "wachtwoord",
];

/// Words that make a secret of whatever they end: `dbpassword`, `accesstoken`.
#[rustfmt::skip] // a table of words reads better packed
const HEAD_ENDINGS: &[&str] = &[
    "password", "passwd", "passphrase", "passcode", "pwd", "secret", "token", "apikey",
    "secretkey", "privatekey", "accesskey", "credential",
];

/// Last words that are secret after certain words only: (last word, words before it).
#[rustfmt::skip] // a table of words reads better packed
const PAIRS: &[(&str, &[&str])] = &[
    ("key", &[
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
    ]),
    ("code", &[
        "otp", "totp", "mfa", "fa", "factor", "backup", "recovery", "verification", "security",
        "auth", "authorization", "pin", "sms", "device",
    ]),
    ("string", &["connection", "conn"]),
    ("str", &["connection", "conn"]),
    ("signature", &["access"]),
    ("response", &["saml"]),
    ("phrase", &["pass", "seed", "recovery", "secret", "mnemonic"]),
    ("word", &["pass"]),
    ("wd", &["pass"]),
    ("seed", &["totp", "otp", "mfa", "wallet", "master"]),
    ("number", &["card", "security"]),
    ("assertion", &["saml", "client", "jwt"]),
    ("verifier", &["code"]),
    ("auth", &["basic", "http", "proxy", "npm", "docker"]),
    ("header", &["auth", "authorization", "cookie"]),
    ("material", &["key"]),
    ("sessid", &["php", "j"]),
    ("sessionid", &["j"]),
];

/// What stands before `pass` in names written as one word; others (`bypass`, `compass`) are ordinary words.
#[rustfmt::skip] // a table of words reads better packed
const PASS_OWNERS: &[&str] = &[
    "db", "user", "my", "smtp", "mysql", "ftp", "root", "admin", "ldap", "mail", "redis", "pg",
    "login",
];

/// Last words that make a secret of a secret: a hash can be guessed at, a hint helps to.
const DERIVED: &[&str] = &["hash", "digest", "checksum", "hint", "verifier"];

/// Last words that say how a secret is written or which one it is: taken off before looking again.
#[rustfmt::skip] // a table of words reads better packed
const TAILS: &[&str] = &[
    "value", "plaintext", "plain", "cleartext", "clear", "string", "text", "binary", "data", "raw",
    "pem", "json", "base", "confirmation", "confirm", "again", "repeat", "new", "old", "current",
    "previous", "prev", "next", "encrypted", "enc", "decrypted", "prod", "production", "staging",
    "stage", "dev", "test", "live", "sandbox", "primary", "secondary", "default", "input",
    "content",
];

/// Words before `token` that make it a cursor, a request id or a count.
#[rustfmt::skip] // a table of words reads better packed
const OTHER_TOKENS: &[&str] = &[
    "page", "pagination", "continuation", "next", "cursor", "sync", "scroll", "idempotency", "max",
    "min", "total", "prompt", "completion", "input", "output", "num", "used", "cached", "cache",
    "reasoning", "remaining", "generated",
];

/// First words that make a yes or no, or a count, of what follows.
#[rustfmt::skip] // a table of words reads better packed
const ASKING: &[&str] = &[
    "is", "has", "had", "was", "can", "should", "must", "may", "needs", "requires", "require",
    "required", "allow", "allows", "allowed", "enable", "enabled", "disable", "disabled", "no",
    "not", "without", "num", "count", "max", "min", "total", "show", "hide",
];

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
const ARTIFACTS: &[&str] = &[
    "digest", "image", "checksum", "artifact", "artefact", "manifest", "layer", "commit", "sha",
    "tree", "etag", "integrity", "blob", "oid", "revision", "ref", "attestation", "provenance",
    "sbom", "fingerprint", "thumbprint", "package", "release", "container", "chart", "bundle",
    "subject", "tag", "build", "file", "git", "content", "root", "leaf", "block", "snapshot",
    "merkle", "checkpoint", "repository", "registry", "repo", "parent", "head", "archive",
];

/// Words under which a digest stands for a value and not for something published.
const VALUES: &[&str] = &["value", "env", "variable"];

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
    let snake = Snake::of(field_name.as_bytes());
    let mut rest = snake.words();
    let mut first = rest.clone();
    if first.next().is_some_and(|word| has(ASKING, word)) && first.next().is_some() {
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
        if has(DERIVED, last) {
            let above = rest.clone().nth_back(1);
            return before.is_some_and(|head| is_secret_head(above, head));
        }
        if !has(TAILS, last) && last != b"b64" {
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
        if has(VALUES, word) || is_secret_head(before, word) {
            return false;
        }
        artifact |= has(ARTIFACTS, word);
        before = Some(word);
    }
    artifact
}

/// Whether `word` is one of `words`, in the singular or the plural, digits at its end aside.
fn has(words: &[&str], word: &[u8]) -> bool {
    let bare = without_digits(word);
    let singular = bare.strip_suffix(b"s").unwrap_or(bare);
    words
        .iter()
        .any(|known| known.as_bytes() == bare || known.as_bytes() == singular)
}

/// Whether the last word, knowing the word before it, is a secret.
fn is_secret_head(before: Option<&[u8]>, last: &[u8]) -> bool {
    let bare = without_digits(last);
    let singular = bare.strip_suffix(b"s").unwrap_or(bare);
    let is_other = match bare {
        b"token" | b"tokens" => before.is_some_and(|word| has(OTHER_TOKENS, word)),
        b"pass" => before.is_some_and(|word| has(&["test", "check", "all", "by"], word)),
        b"secrets" => before == Some(b"pull"), // names of Kubernetes secrets
        _ => false,
    };
    if is_other {
        return false;
    }
    has(HEADS, bare)
        || HEAD_ENDINGS
            .iter()
            .any(|ending| singular.ends_with(ending.as_bytes()))
        || PAIRS.iter().any(|(head, qualifiers)| {
            (head.as_bytes() == singular || head.as_bytes() == bare)
                && before.is_some_and(|word| has(qualifiers, word))
        })
        || bare
            .strip_suffix(b"pass")
            .is_some_and(|owner| has(PASS_OWNERS, owner))
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

/// Cheap first look: whether the last two letters could end a secret name. Most names stop here.
fn ends_like_secret(name: &[u8]) -> bool {
    let mut letters = name
        .iter()
        .rev()
        .copied()
        .skip_while(|byte| byte.is_ascii() && !byte.is_ascii_alphabetic());
    let (Some(last), Some(second)) = (letters.next(), letters.next()) else {
        return false;
    };
    is_ending(second, last)
        || last | 0x20 == b's' && letters.next().is_some_and(|third| is_ending(third, second))
        || !second.is_ascii_alphabetic()
        || !last.is_ascii()
}

fn is_ending(second: u8, last: u8) -> bool {
    ENDINGS
        .get(usize::from(second & 31))
        .is_some_and(|row| row & (1 << (last & 31)) != 0)
}

/// For each second-last letter, a bit for each last letter of the words above.
static ENDINGS: [u32; 32] = endings();

#[expect(
    clippy::indexing_slicing,
    reason = "runs at compile time: out of range fails the build"
)]
const fn endings() -> [u32; 32] {
    let mut table = [0; 32];
    let mut list = 0;
    let lists = [HEADS, HEAD_ENDINGS, DERIVED, TAILS];
    while list < lists.len() {
        let mut index = 0;
        while index < lists[list].len() {
            table = with_ending(table, lists[list][index].as_bytes());
            index += 1;
        }
        list += 1;
    }
    let mut index = 0;
    while index < PAIRS.len() {
        table = with_ending(table, PAIRS[index].0.as_bytes());
        index += 1;
    }
    table
}

#[expect(
    clippy::indexing_slicing,
    reason = "runs at compile time: out of range fails the build"
)]
const fn with_ending(mut table: [u32; 32], word: &[u8]) -> [u32; 32] {
    let last = word.len() - 1;
    table[(word[last - 1] & 31) as usize] |= 1 << (word[last] & 31);
    table
}

#[cfg(test)]
mod tests;
