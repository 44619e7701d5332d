//! An identity provider that answers in memory, and lies where a test wants it to; and a browser.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use server::Config;
use server::config::GroupRole;
use server::oidc::{Asking, IdentityProvider, ProviderAnswer, ProviderRequest};
use sha2::{Digest, Sha256};
use store::Role;
use zeroize::Zeroizing;

use crate::support::{Reply, START, World};

pub(crate) const ISSUER: &str = "https://id.example.com/realm";
const CLIENT: &str = "veritrail client";
const SECRET: &str = "a secret:with +signs";

/// How an ID token lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lie {
    None,
    AlgNone,
    /// Signed with the bytes of the public key, as if they were a secret.
    PublicKeyAsSecret,
    OtherKey,
    UnknownKid,
    CutSignature,
    ChangedAfterSigning,
    Critical,
    NotAToken,
    TooLong,
}

/// What the provider is like just now.
#[derive(Debug)]
pub(crate) struct Nature {
    pub(crate) lie: Lie,
    /// Claims that are put over the right ones; null takes one away.
    pub(crate) claims: Value,
    /// Members of the description that are put over the right ones.
    pub(crate) description: Value,
    /// Whether the code is taken without its verifier.
    pub(crate) forgets_pkce: bool,
    pub(crate) userinfo: Option<Value>,
    pub(crate) down: bool,
    /// Paths that were asked for.
    pub(crate) asked: Vec<String>,
    pub(crate) kid: String,
    pub(crate) now: i64,
    codes: BTreeMap<String, BTreeMap<String, String>>,
    given: usize,
}

pub(crate) struct Fake {
    key: EcdsaKeyPair,
    other: EcdsaKeyPair,
    nature: Mutex<Nature>,
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fake").finish_non_exhaustive()
    }
}

fn key() -> EcdsaKeyPair {
    let rng = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &rng).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &rng).unwrap()
}

fn b64(bytes: impl AsRef<[u8]>) -> String {
    Base64UrlUnpadded::encode_string(bytes.as_ref())
}

/// Puts the members of `over` over those of `value`; null takes one away.
fn put_over(value: &mut Value, over: &Value) {
    for (name, over) in over.as_object().into_iter().flatten() {
        let members = value.as_object_mut().unwrap();
        if over.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), over.clone());
        }
    }
}

/// A query or a form, decoded.
pub(crate) fn pairs(text: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let mut bytes = text.bytes();
        let mut out = Vec::new();
        while let Some(byte) = bytes.next() {
            if byte == b'%' {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                let digits = str::from_utf8(&digits).unwrap();
                out.push(u8::from_str_radix(digits, 16).unwrap());
            } else {
                out.push(byte);
            }
        }
        String::from_utf8(out).unwrap()
    };
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

impl Fake {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            key: key(),
            other: key(),
            nature: Mutex::new(Nature {
                lie: Lie::None,
                claims: json!({}),
                description: json!({}),
                forgets_pkce: false,
                userinfo: None,
                down: false,
                asked: Vec::new(),
                kid: "k1".to_owned(),
                now: START / 1_000_000,
                codes: BTreeMap::new(),
                given: 0,
            }),
        })
    }

    pub(crate) fn nature(&self) -> MutexGuard<'_, Nature> {
        self.nature.lock().unwrap()
    }

    /// How often a path was asked for.
    pub(crate) fn asked(&self, path: &str) -> usize {
        let nature = self.nature();
        nature.asked.iter().filter(|asked| *asked == path).count()
    }

    /// What the provider does when a person says who they are: the path that the browser comes back to.
    pub(crate) fn sign_in(&self, location: &str) -> String {
        let (address, query) = location.split_once('?').unwrap();
        assert_eq!(address, format!("{ISSUER}/authorize"));
        let asked = pairs(query);
        assert_eq!(asked["response_type"], "code");
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["code_challenge_method"], "S256");
        assert_eq!(asked["scope"], "openid profile email");
        let state = asked["state"].clone();
        let mut nature = self.nature();
        nature.given += 1;
        let code = format!("code-{}", nature.given);
        nature.codes.insert(code.clone(), asked);
        format!("/sign-in/callback?code={code}&state={state}")
    }

    fn token(&self, nature: &mut Nature, request: &ProviderRequest) -> ProviderAnswer {
        let form = pairs(request.form.as_ref().unwrap());
        let said = request.authorization.as_ref().unwrap().to_string();
        let said = Base64::decode_vec(said.strip_prefix("Basic ").unwrap()).unwrap();
        assert_eq!(
            String::from_utf8(said).unwrap(),
            "veritrail%20client:a%20secret%3Awith%20%2Bsigns"
        );
        assert!(!form.contains_key("client_secret"));
        let Some(asked) = nature.codes.remove(&form["code"]) else {
            return answer(400, &json!({"error": "invalid_grant"}));
        };
        let challenge = b64(Sha256::digest(form["code_verifier"].as_bytes()));
        let right = challenge == asked["code_challenge"]
            && form["redirect_uri"] == asked["redirect_uri"]
            && form["grant_type"] == "authorization_code";
        if !right && !nature.forgets_pkce {
            return answer(400, &json!({"error": "invalid_grant"}));
        }
        let mut claims = json!({
            "iss": ISSUER,
            "sub": "person-1",
            "aud": CLIENT,
            "iat": nature.now,
            "exp": nature.now + 300,
            "nonce": asked["nonce"],
            "name": "Ana Example",
            "email": "ana@example.com",
            "email_verified": true,
            "groups": ["ops"],
        });
        put_over(&mut claims, &nature.claims);
        let id_token = self.signed(nature, &claims);
        answer(
            200,
            &json!({"id_token": id_token, "access_token": "at", "token_type": "Bearer"}),
        )
    }

    fn signed(&self, nature: &Nature, claims: &Value) -> String {
        let mut header = json!({"alg": "ES256", "kid": nature.kid, "typ": "JWT"});
        match nature.lie {
            Lie::AlgNone => header["alg"] = json!("none"),
            Lie::PublicKeyAsSecret => header["alg"] = json!("HS256"),
            Lie::UnknownKid => header["kid"] = json!("nobody's"),
            Lie::Critical => header["crit"] = json!(["b64"]),
            Lie::NotAToken => return "a.b".to_owned(),
            _ => {}
        }
        let mut claims = claims.clone();
        if nature.lie == Lie::TooLong {
            claims["x"] = json!("x".repeat(200_000));
        }
        let said = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        let key = if nature.lie == Lie::OtherKey {
            &self.other
        } else {
            &self.key
        };
        let signature = key.sign(&SystemRandom::new(), said.as_bytes()).unwrap();
        let mut signature = signature.as_ref().to_vec();
        match nature.lie {
            Lie::AlgNone => signature.clear(),
            Lie::PublicKeyAsSecret => {
                let public = self.key.public_key().as_ref();
                let mut mac = Hmac::<Sha256>::new_from_slice(public).unwrap();
                mac.update(said.as_bytes());
                signature = mac.finalize().into_bytes().to_vec();
            }
            Lie::CutSignature => signature.truncate(32),
            Lie::ChangedAfterSigning => {
                claims["groups"] = json!(["ops", "operators"]);
                let head = b64(header.to_string());
                return format!("{head}.{}.{}", b64(claims.to_string()), b64(&signature));
            }
            _ => {}
        }
        format!("{said}.{}", b64(&signature))
    }

    fn answered(&self, request: &ProviderRequest) -> io::Result<ProviderAnswer> {
        let mut nature = self.nature();
        if nature.down {
            return Err(io::Error::other("connection refused"));
        }
        let path = request.url.strip_prefix(ISSUER).unwrap().to_owned();
        nature.asked.push(path.clone());
        Ok(match path.as_str() {
            "/.well-known/openid-configuration" => {
                let mut description = json!({
                    "issuer": ISSUER,
                    "authorization_endpoint": format!("{ISSUER}/authorize"),
                    "token_endpoint": format!("{ISSUER}/token"),
                    "jwks_uri": format!("{ISSUER}/keys"),
                    "userinfo_endpoint": format!("{ISSUER}/userinfo"),
                });
                put_over(&mut description, &nature.description);
                answer(200, &description)
            }
            "/keys" => {
                let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
                let key = json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": nature.kid, "x": b64(x), "y": b64(y)});
                // What nobody knows, what is no signature's, and a secret that must not become a key.
                let strange = json!({"kty": "OKP", "crv": "Ed448", "kid": "s", "x": ""});
                let secret = json!({"kty": "oct", "alg": "HS256", "kid": nature.kid, "k": b64(self.key.public_key())});
                answer(200, &json!({"keys": [strange, 7, secret, key]}))
            }
            "/token" => self.token(&mut nature, request),
            "/userinfo" => {
                assert_eq!(
                    request.authorization.as_ref().unwrap().as_str(),
                    "Bearer at"
                );
                match &nature.userinfo {
                    Some(said) => answer(200, said),
                    None => answer(500, &json!({})),
                }
            }
            other => panic!("nobody asks for {other}"),
        })
    }
}

fn answer(status: u16, body: &Value) -> ProviderAnswer {
    ProviderAnswer {
        status,
        body: body.to_string().into_bytes(),
    }
}

impl IdentityProvider for Fake {
    fn ask(&self, request: ProviderRequest) -> Asking<'_, ProviderAnswer> {
        let answer = self.answered(&request);
        Box::pin(async move { answer })
    }

    fn client_secret(&self) -> Asking<'_, Option<Zeroizing<String>>> {
        Box::pin(async { Ok(Some(Zeroizing::new(SECRET.to_owned()))) })
    }
}

/// Settings where `ops` reads in `acme`, `counters` count there, and `operators` operate.
pub(crate) fn config() -> Config {
    let mut config = Config::default();
    config.ui.url = Some("http://127.0.0.1:7400".to_owned());
    config.oidc.issuer = Some(ISSUER.to_owned());
    config.oidc.client_id = Some(CLIENT.to_owned());
    let rule = |group: &str, tenant: &str, role| GroupRole {
        group: group.to_owned(),
        tenant: tenant.to_owned(),
        role,
    };
    config.oidc.roles = vec![
        rule("ops", "acme", Role::Auditor),
        rule("counters", "acme", Role::Analyst),
        rule("admins", "acme", Role::Admin),
        rule("operators", "_instance", Role::Operator),
    ];
    config
}

/// A browser with its cookies.
#[derive(Debug, Default)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) async fn get(&mut self, world: &World, path: &str) -> Reply {
        self.send(world, Method::GET, path, &[], String::new())
            .await
    }

    /// Sends a form.
    pub(crate) async fn post(&mut self, world: &World, path: &str, form: &[(&str, &str)]) -> Reply {
        let form: Vec<_> = form
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(world, Method::POST, path, &headers, form.join("&"))
            .await
    }

    pub(crate) async fn send(
        &mut self,
        world: &World,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Reply {
        let request = self.request(method, path, headers);
        let reply = world.page(request.body(Body::from(body)).unwrap()).await;
        for line in reply.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            assert!(line.contains("; HttpOnly; SameSite=Lax"), "{line}");
            let (pair, attributes) = line.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> axum::http::request::Builder {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        request
    }

    /// Leaves for the provider; answers where it is sent.
    pub(crate) async fn leave(&mut self, world: &World, to: &str) -> String {
        let reply = self.get(world, &format!("/sign-in/oidc?to={to}")).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
        reply.header("location").to_owned()
    }

    /// Signs in all the way; answers what the last step was answered.
    pub(crate) async fn sign_in(&mut self, world: &World, fake: &Fake) -> Reply {
        let location = self.leave(world, "/t/acme/").await;
        let back = fake.sign_in(&location);
        self.get(world, &back).await
    }

    pub(crate) fn is_signed_in(&self) -> bool {
        self.cookies
            .keys()
            .any(|name| name.ends_with("veritrail_session"))
    }

    /// An API request of a script on a page of `acme`.
    pub(crate) async fn script(
        &mut self,
        world: &World,
        method: Method,
        path: &str,
        csrf: &str,
    ) -> Reply {
        let mut headers = vec![("veritrail-tenant", "acme")];
        if !csrf.is_empty() {
            headers.push(("veritrail-csrf", csrf));
        }
        self.send(world, method, path, &headers, String::new())
            .await
    }

    /// What forms of our pages repeat.
    pub(crate) async fn csrf(&mut self, world: &World) -> String {
        let page = self.get(world, "/t/acme/sessions").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        let (_, rest) = page.text().split_once("name=\"csrf\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }
}
