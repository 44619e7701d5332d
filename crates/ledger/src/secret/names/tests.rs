//! Names both ways.

use super::*;

#[rustfmt::skip] // a table of names reads better packed
#[test]
fn names_of_secrets_are_told_in_every_spelling() {
    for name in [
        "password", "Password", "PASSWORD", "passwd", "pwd", "pw", "pass", "passphrase", "pass_phrase", "passcode",
        "secret", "secrets", "client_secret", "clientSecret", "ClientSecret", "CLIENT_SECRET", "client-secret",
        "clientsecret", "token", "tokens", "access_token", "accessToken", "accesstoken", "refreshToken",
        "REFRESH_TOKEN", "id_token", "bearer_token", "csrf_token", "auth_token", "authToken", "_authToken",
        "api-key", "api_key", "apikey", "apiKey", "APIKey", "ApiKey", "X-Api-Key", "x-api-key", "api keys",
        "private_key", "privateKey", "private-key-pem", "secret_key", "SECRET_KEY_BASE", "signing_key", "signing key",
        "webhook secret", "webhook_secret", "encryption_key", "master_key", "AccountKey", "SharedAccessKey",
        "SharedAccessSignature", "license_key", "STRIPE_KEY", "OPENAI_API_KEY", "DD_API_KEY", "authorization",
        "Authorization", "Proxy-Authorization", "headers.authorization", "/headers/Authorization", "cookie", "Cookie",
        "set-cookie", "Set-Cookie", "cookies", "credentials", "credential", "creds", "db_credentials",
        "credentials_json", "connection_string", "connectionString", "ConnectionString", "conn_str", "dsn", "SENTRY_DSN",
        "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "aws_access_key", "PGPASSWORD", "MYSQL_PWD", "MYSQL_ROOT_PASSWORD",
        "dbPassword", "dbpassword", "db_pass", "smtppass", "userPassword", "user.password", "user[password]",
        "password[]", "password_1", "password2", "passwords", "new_password", "old_password", "password_confirmation",
        "currentPassword", "password_hash", "passwordHash", "password_digest", "password_salt", "password_hint",
        "token_hash", "SecretString", "SecretBinary", "secret_value", "secretValue", "token_value", "otp", "otp_code",
        "totp_secret", "mfaCode", "2fa_code", "recovery_codes", "backup_codes", "verification_code", "pin", "user_pin",
        "pin_code", "cvv", "cvc", "cvv2", "ssn", "card_number", "cardNumber", "seed_phrase", "mnemonic", "salt", "jwt",
        "id_jwt", "bearer", "x-amz-security-token", "X-Vault-Token", "vault_token", "oauth2token", "client_assertion",
        "code_verifier", "SAMLResponse", "PHPSESSID", "JSESSIONID", "key_material", "basic_auth", "auth_header",
        "passWord", "pass_word", "u0026token", "GITHUB_TOKEN_PROD", "api_key_b64", "secret_base64", "contraseña",
        "пароль", "Passwort", "session_key", "verify_token", "device_token", "consumer_key",
    ] {
        assert!(is_secret_name(name), "{name}");
    }
}

#[rustfmt::skip] // a table of names reads better packed
#[test]
fn names_that_describe_secrets_are_not_secret() {
    for name in [
        "token_id", "tokenId", "tokenID", "token_ids", "secret_name", "secretName", "password_changed_at",
        "passwordChangedAt", "has_password", "hasPassword", "is_secret", "isSecret", "token_type", "tokenType", "key_id",
        "api_key_id", "access_key_id", "AWS_ACCESS_KEY_ID", "public_key", "publicKey", "public_key_pem", "secret_version",
        "token_expires_at", "token_expiry", "expires_in", "password_policy", "credential_id", "credentialId",
        "credential_type", "max_tokens", "maxTokens", "total_tokens", "prompt_tokens", "completion_tokens",
        "next_page_token", "nextPageToken", "page_token", "continuation_token", "NextToken", "idempotency_token",
        "tokens_used", "token_count", "token_name", "author", "authors", "authored_by", "authorized", "authorised",
        "authorization_url", "authority", "authentication", "auth", "auth_method", "oauth", "oauth_scopes",
        "cookie_name", "cookie_domain", "cookie_consent", "secret_arn", "secretKeyRef", "secret_path", "secret_id",
        "imagePullSecrets", "password_file", "password_length", "password_strength", "password_reset", "password_age",
        "passwordless", "require_password", "key", "keys", "value", "name", "id", "type", "primary_key", "foreign_key",
        "partition_key", "sort_key", "cache_key", "idempotency_key", "routing_key", "object_key", "ssh_key",
        "ssh_key_fingerprint", "kms_key", "kms_key_arn", "host_key", "deploy_key", "key_algorithm", "keyword", "keyboard",
        "monkey", "turkey", "session_id", "sessionId", "session", "signature", "nonce", "state", "code", "error_code",
        "status_code", "string", "number", "phone_number", "order_number", "salted", "pinned", "is_pinned", "opinion",
        "shipping", "mapping", "bypass", "compass", "passenger", "passport", "passed", "tests_pass", "encompass",
        "tokenizer", "tokenize", "secretary", "secretariat", "accredited", "database_url", "webhook_url", "hash",
        "content_hash", "commit_hash", "digest", "checksum", "operation", "actor", "resource", "environment_variable",
        "timestamp", "user_agent", "ip_address", "email", "before", "after", "field", "reason", "metadata", "request_id",
        "correlation_id", "region", "action", "outcome", "result", "context", "changes", "details", "user_data", "data",
        "json", "base64", "text", "", "_", "1", "é", "日本", "test", "default", "new", "hint",
    ] {
        assert!(!is_secret_name(name), "{name}");
    }
}

#[rustfmt::skip] // a table of names reads better packed
#[test]
fn artifact_names_are_told_from_values() {
    for name in [
        "image_digest", "imageDigest", "digest", "image", "checksum", "artifact_digest", "artifact_hash", "manifest",
        "layer", "layers", "commit", "commit_sha", "commitHash", "sha", "sha256", "git_sha", "tree", "etag", "ETag",
        "integrity", "container_image", "base_image", "file_hash", "content_hash", "build_hash", "package_checksum",
        "after_sha", "ssh_key_fingerprint", "root_hash", "sbom_digest", "chart",
    ] {
        assert!(is_artifact_name(name), "{name}");
    }
    for name in [
        "value", "hash", "value_hash", "valueHash", "value_digest", "value_sha256", "password_hash", "password_digest",
        "secret_checksum", "token_sha", "token_sha256", "api_key_digest", "before", "after", "old", "new", "env_hash",
        "variable_digest", "name", "DATABASE_URL", "", "é",
    ] {
        assert!(!is_artifact_name(name), "{name}");
    }
}

#[test]
fn a_name_of_any_length_is_judged_by_its_end() {
    let long = "section.".repeat(100);
    assert!(is_secret_name(&format!("{long}password")));
    assert!(!is_secret_name(&format!("{long}password_id")));
    assert!(!is_secret_name(&"x".repeat(10_000)));
}

#[test]
fn the_first_look_lets_every_secret_word_pass() {
    for word in [HEADS.list, HEAD_ENDINGS.list].concat() {
        for name in [
            word.to_owned(),
            format!("{word}s"),
            word.to_uppercase(),
            format!("{word}_2"),
        ] {
            assert!(ends_like_secret(name.as_bytes()), "{name}");
            assert!(is_secret_name(&name), "{name}");
        }
    }
}
