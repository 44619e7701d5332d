//! What must stay readable.

use super::*;

#[rustfmt::skip] // a table reads better packed
#[test]
fn ordinary_values_are_clean() {
    let hex64 = hex(64);
    let values = [
        "evt_a1b2c3d4", "proj_456", "var_789", "environment_variable.updated", "user.role_changed",
        "550e8400-e29b-41d4-a716-446655440000", "9f3b7c1d5e8a04269f3b7c1d5e8a04269f3b7c1d",
        "2026-03-12T14:32:07.123Z", "2026-03-12 14:32:07+02:00", "1.2.3-rc.1+build.5",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV", "dev@example.com", "198.51.100.23", "2001:db8::1:443",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
        "Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0", "curl/8.5.0", "DATABASE_URL",
        "AWS_SECRET_ACCESS_KEY", "API_TOKEN", "password", "INC-212: rotate after leak",
        "the token was rotated", "password changed by admin", "Reset password for dev@example.com",
        "bearer token was refused", "Bearer authentication is required", "Basic authentication failed",
        "WWW-Authenticate: Bearer realm=\"api\"", "secret: yes/no questions", "token: expired",
        "password: required", "Token: rotated by ci", "secret not found: prod/db",
        "authorization: denied by policy", "scope token:read secret:write", "password:reset", "secrets:list",
        "roles: admin, viewer", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf",
        "arn:aws:iam::123456789012:role/deploy-token-service",
        "/var/run/secrets/kubernetes.io/serviceaccount/token", "C:\\Users\\dev\\password.txt",
        "/etc/ssl/private/api-key.pem", "deployment/api-token-service", "kube-system/default-token-abc12",
        "https://example.com/path/to/page?page=2&sort=asc#top", "http://localhost:8080/health",
        "https://medium.example/@dev/post", "git@github.com:org/repo.git", "ssh://git@github.com/org/repo",
        "mailto:dev@example.com", "https://[2001:db8::1]:8443/x", "s3://bucket/key/object.tar.gz",
        "npm_config_registry", "task-force-one-two-three-four", "disk-usage-report-2026-03-12-final",
        "sk-learn-pipeline-2-production-env", "hf_model", "key-value-store", "gsk_short", "monkey-business",
        "max_tokens=4096 prompt_tokens=12", "tokens=512", "pass=12 fail=0", "PWD=/home/dev",
        "token_type=bearer_x", "password=${DB_PASSWORD}", "token=$GITHUB_TOKEN", "password=****", "token=null",
        "secret: [redacted]", "password={{ .Values.password }}", "--password-stdin", "--token-file /run/token",
        "app --token --verbose", "password_changed_at=2026-03-12", "token_id: 42", "secret_name: prod/db",
        "next_page_token=abc", "docker run -u 1000:1000 image", "docker run -p 80:80 nginx",
        "mysql -u root -p prod", "feat(auth): token refresh", "fix: password reset mail",
        "Co-authored-by: dev <dev@example.com>", "select * from users where token = ?",
        "update users set password = $1", "PASSWORD NULL", "<password></password>", "<b>token</b> was seen",
        "a=b; c=d", "key: value", "id=42&name=dev", "100% of token use", "50%25 done",
        "https://example.com/a%20b/c%2Fd", "x%", "%zz%", "-----BEGIN CERTIFICATE-----",
        "-----BEGIN PUBLIC KEY-----", "public_key: abc123", "refs/heads/feature/rotate-token-2026",
        "sha256:9f3b7c1d", "The quick brown fox jumps over the lazy dog", "Grüße aus Köln: alles grün",
        "日本語のテキスト: テスト", "eyJ is how a header begins",
    ];
    for value in values {
        assert_eq!(spans(value), NOTHING, "in {value:?}");
    }
    for value in [
        format!("registry.example/app@sha256:{hex64}"),
        format!("registry.example:5000/app:1.2@sha256:{hex64}"),
        format!("docker-pullable://nginx:1.27@sha256:{hex64}"),
        format!("sha256:{hex64}"),
        format!("sha512-{}==", body(86)),
        format!("etag W/\"{}\"", hex(32)),
        format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{} dev@host", body(43)),
        format!("SHA256:{}", body(43)),
        format!("trace 00-{}-{}-01", hex(32), hex(16)),
        hex(4096),
        base64("https://example.com/path/to/page"),
        base64("just an ordinary sentence, nothing more"),
        base64("{\"page\":2,\"sort\":\"asc\",\"token_type\":\"x\"}"),
        base64url("{\"cursor\":\"2026-03-12\",\"id\":\"evt_1\"}"),
        body(500),
    ] {
        assert_eq!(spans(&value), NOTHING, "in {value:?}");
    }
}

#[test]
fn a_bare_hash_is_told_by_the_name_of_its_algorithm() {
    for text in [
        "sha256:a1b2c3...",
        "SHA256:a1b2c3",
        "sha-256:abcd",
        "sha1:abcd",
        "sha512:abcdef",
        "md5:d41d8cd98f",
        "blake3:af1349",
        "sha3-256:a7ff",
        "hmac-sha256:abcd",
        "sha256=a1b2c3",
        " sha256:a1b2c3 ",
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg==",
    ] {
        assert!(is_bare_hash(text), "{text}");
    }
    for text in [
        "sha256",
        "sha256:",
        "sha256:abc",
        "sha256: mismatch",
        "sha256sum",
        "app@sha256:abcd",
        "sha-256-test",
        "sha256-short",
        "md5 of it",
        "a1b2c3d4",
        "",
        "s",
        "sha2",
        "ß256:abcdef",
        "[masked:hmac-sha256:k:t]",
    ] {
        assert!(!is_bare_hash(text), "{text}");
    }
}
