//! What the vocabulary promises: the data is sound, every spelling in common use arrives, nothing else gets in.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Past participles that do not end in `ed`.
const IRREGULAR: [&str; 7] = [
    "lost",
    "read",
    "frozen",
    "sent",
    "paid",
    "withdrawn",
    "bound",
];
const PARTICLES: [&str; 5] = ["in", "out", "back", "up", "over"];

fn canonical(sent: &str) -> &'static str {
    resolve(sent)
        .unwrap_or_else(|error| panic!("{sent:?}: {error}"))
        .operation()
        .unwrap_or_else(|| panic!("{sent:?} is unknown"))
        .name
}

fn unknown(sent: &str) -> String {
    match resolve(sent) {
        Ok(Resolved::Unknown { name }) => name,
        other => panic!("{sent:?}: {other:?}"),
    }
}

fn is_well_formed(name: &str) -> bool {
    let part_is_sound = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    };
    name.len() <= OPERATION_BYTES_MAX
        && (2..=4).contains(&name.split('.').count())
        && name.split('.').all(part_is_sound)
}

fn is_past(action: &str) -> bool {
    let words: Vec<_> = action.split('_').collect();
    let verb = match words.as_slice() {
        [.., verb, last] if PARTICLES.contains(last) => verb,
        [.., last] => last,
        [] => return false,
    };
    verb.ends_with("ed") || IRREGULAR.contains(verb)
}

#[test]
fn every_canonical_name_is_well_formed_and_in_the_past_tense() {
    for operation in all() {
        let action = operation.name.rsplit('.').next().unwrap();
        assert!(is_well_formed(operation.name), "{}", operation.name);
        assert!(is_past(action), "{}", operation.name);
    }
    assert!(!is_past("create") && !is_past("log_in") && is_past("logged_in"));
}

#[test]
fn every_description_is_one_plain_phrase() {
    for Operation {
        name, description, ..
    } in all()
    {
        assert!(description.starts_with(char::is_uppercase), "{name}");
        assert!(!description.ends_with('.'), "{name}");
        assert!((10..=90).contains(&description.len()), "{name}");
    }
}

#[test]
fn every_canonical_name_is_found_as_it_stands() {
    for operation in all() {
        assert_eq!(find(operation.name), Some(operation));
        let resolved = resolve(operation.name);
        if operation.is_reserved() {
            assert_eq!(resolved, Err(NameError::Reserved));
            assert_eq!(resolve_reserved(operation.name), Some(operation));
        } else {
            assert_eq!(resolved, Ok(Resolved::Canonical(operation)));
            assert_eq!(resolve_reserved(operation.name), None);
        }
    }
    assert_eq!(find("env_var.update"), None, "an alias is not a name");
    assert_eq!(resolve_reserved("Veritrail.key.created"), None);
}

#[test]
fn every_alias_resolves_to_the_operation_that_claims_it() {
    for operation in all() {
        for alias in operation.aliases {
            assert_eq!(resolve(alias), Ok(Resolved::Alias { operation }), "{alias}");
        }
    }
}

#[test]
fn no_spelling_is_claimed_twice() {
    let mut claims: BTreeMap<String, (&str, &str)> = BTreeMap::new();
    for operation in all() {
        let mut mine = BTreeSet::new();
        for alias in operation.aliases {
            assert_ne!(*alias, operation.name);
            let flat = Spelling::read(alias).unwrap().flat();
            assert!(mine.insert(flat), "{alias} twice in {}", operation.name);
        }
        mine.insert(Spelling::read(operation.name).unwrap().flat());
        for flat in mine {
            let before = claims.insert(flat.clone(), (operation.name, operation.name));
            assert_eq!(before, None, "{flat} is also claimed by {}", operation.name);
        }
    }
}

#[test]
fn every_operation_of_producers_has_five_aliases_and_ours_have_none() {
    for operation in all() {
        if operation.is_reserved() {
            assert_eq!(operation.aliases.len(), 0, "{}", operation.name);
        } else {
            assert!(operation.aliases.len() >= 5, "{}", operation.name);
        }
    }
}

#[test]
fn the_category_of_ours_and_the_prefix_of_ours_are_one() {
    for operation in all() {
        let prefixed = operation.name.starts_with("veritrail.");
        assert_eq!(operation.is_reserved(), prefixed, "{}", operation.name);
    }
}

#[test]
fn the_counts_are_pinned() {
    let mut categories = BTreeMap::new();
    let mut severities = BTreeMap::new();
    for operation in all() {
        *categories.entry(operation.category.as_str()).or_insert(0) += 1;
        *severities.entry(operation.severity.as_str()).or_insert(0) += 1;
    }
    let expected = [
        ("access_control", 59),
        ("application_errors", 20),
        ("audit_log", 38),
        ("authentication", 33),
        ("billing", 29),
        ("configuration", 43),
        ("data_access", 30),
        ("databases", 25),
        ("deployments", 36),
        ("infrastructure", 190),
        ("source_code", 146),
    ];
    assert_eq!(categories, BTreeMap::from(expected));
    let expected = [
        ("critical", 29),
        ("info", 187),
        ("notice", 270),
        ("warning", 163),
    ];
    assert_eq!(severities, BTreeMap::from(expected));
}

#[test]
fn names_in_common_use_arrive_at_one_operation() {
    for (sent, expected) in [
        ("user.role.updated", "user.role_changed"),
        ("user.role_changed", "user.role_changed"),
        ("UserRoleChanged", "user.role_changed"),
        ("env_var.update", "environment_variable.updated"),
        (
            "environment_variable.updated",
            "environment_variable.updated",
        ),
        (
            "environment-variable.updated",
            "environment_variable.updated",
        ),
        ("EnvVarUpdated", "environment_variable.updated"),
        ("ENV_VAR_UPDATED", "environment_variable.updated"),
        ("env:update", "environment_variable.updated"),
        (
            "project/env-variable/updated",
            "environment_variable.updated",
        ),
        ("DeploymentCreated", "deployment.created"),
        ("deploymentCreated", "deployment.created"),
        ("deployment created", "deployment.created"),
        ("Deployment::Created", "deployment.created"),
        ("deployment.canceled", "deployment.cancelled"),
        ("rollback", "deployment.rolled_back"),
        ("user.login", "user.logged_in"),
        ("auth.login", "user.logged_in"),
        ("login.succeeded", "user.logged_in"),
        ("ConsoleLogin", "user.logged_in"),
        ("authentication.sso_failed", "user.login_failed"),
        ("2FAEnabled", "mfa.enabled"),
        ("2fa.enabled", "mfa.enabled"),
        ("two_factor_authentication.disabled", "mfa.disabled"),
        ("org.add_member", "team.member_added"),
        ("org.update_member", "user.role_changed"),
        ("repo.create_actions_secret", "secret.created"),
        ("APIKeyCreated", "api_key.created"),
        ("DNSRecordCreated", "dns_record.created"),
        ("RunInstances", "server.created"),
        ("DeleteDBInstance", "database.deleted"),
    ] {
        assert_eq!(canonical(sent), expected, "{sent}");
    }
}

#[test]
fn opposite_actions_never_meet() {
    for (left, right) in [
        ("mfa.enable", "mfa.disable"),
        ("server.start", "server.stop"),
        ("sso.enabled", "sso.updated"),
        ("firewall_rule.create", "firewall_rule.delete"),
        ("cron.created", "cron.deleted"),
        ("permission.added", "permission.removed"),
        ("login.success", "login.failure"),
    ] {
        assert_ne!(canonical(left), canonical(right));
    }
}

#[test]
fn well_formed_unknown_names_are_kept_in_canonical_spelling() {
    assert_eq!(unknown("parcel.weighed"), "parcel.weighed");
    assert_eq!(unknown("FooBarCreated"), "foo_bar.created");
    assert_eq!(unknown("foo-bar created"), "foo_bar.created");
    assert_eq!(
        unknown("acme:billing/invoice.paid"),
        "acme.billing.invoice.paid"
    );
    assert_eq!(unknown("veritrails.created"), "veritrails.created");
    assert_eq!(unknown("my.veritrail.created"), "my.veritrail.created");
}

#[test]
fn the_servers_own_names_are_refused_through_every_door() {
    for sent in [
        "veritrail",
        "veritrail.search.performed",
        "veritrail.anything",
        "Veritrail.key.created",
        "VERITRAIL.KEY.CREATED",
        "VeriTrail.key.created",
        "vErItRaIl.key.created",
        "VeritrailKeyCreated",
        "veritrailKeyCreated",
        "VERITRAILKeyCreated",
        "veritrail-key-created",
        "veritrail key created",
        "veritrail_key_created",
        "veritrail_key.created",
        "veritrail__x.created",
        "_veritrail.key.created",
        " veritrail .key.created",
        "-veritrail-.key.created",
        "veritrail:key:created",
        "veritrail::key::created",
        "veritrail/key/created",
        "veri-trail.key.created",
        "veri.trail.key",
        "veritrail.a.b.c.d.e",
        "veritrail.2",
    ] {
        for mode in [Mode::Open, Mode::Strict] {
            assert_eq!(check(sent, mode), Err(NameError::Reserved), "{sent}");
        }
        assert_eq!(suggest(sent), None, "{sent}");
    }
}

#[test]
fn malformed_names_are_refused_and_never_repeated() {
    let mut messages = BTreeSet::new();
    for sent in [
        "",
        " ",
        ".",
        "_",
        "a",
        "created",
        "a.",
        ".created",
        "a..b",
        "a.-.b",
        ".veritrail.key.created",
        "/deployments/created",
        "a:::b",
        "a.b.c.d.e",
        "1password.opened",
        "invoice.2paid",
        "foo_2",
        "user@login",
        "user.login\n",
        "user.login\0",
        "user\t.login",
        "user.löschen",
        "user.login\u{200b}",
        "vеritrail.key.created", // a Cyrillic letter
        "ｖeritrail.key.created",
        "user.login;drop",
        "user,login",
        "user\\login",
        "user.login?token=x",
        "\"user.login\"",
        "hunter2$ecret",
    ] {
        for mode in [Mode::Open, Mode::Strict] {
            let error = check(sent, mode).expect_err(sent);
            assert!(matches!(error, NameError::Malformed { .. }), "{sent:?}");
            messages.insert(error.to_string());
        }
    }
    assert_eq!(
        messages.len(),
        2,
        "one for the form, one for the characters: {messages:?}"
    );
}

#[test]
fn names_over_the_limit_are_too_long_whatever_they_are() {
    for sent in [
        "a".repeat(OPERATION_BYTES_MAX + 1),
        format!("veritrail.{}", "a".repeat(OPERATION_BYTES_MAX)),
        "é".repeat(OPERATION_BYTES_MAX),
        "Ab".repeat(OPERATION_BYTES_MAX / 2),
    ] {
        assert_eq!(resolve(&sent), Err(NameError::TooLong));
    }
    let longest = format!("a.{}", "b".repeat(OPERATION_BYTES_MAX - 2));
    assert_eq!(unknown(&longest), longest);
}

#[test]
fn strict_mode_accepts_only_canonical_names_and_names_the_right_one() {
    let strict = |sent| check(sent, Mode::Strict);
    assert!(matches!(
        strict("deployment.created"),
        Ok(Resolved::Canonical(_))
    ));
    for sent in ["DeploymentCreated", "deploy.create", "deploymnt.created"] {
        let error = strict(sent).unwrap_err();
        let suggested = Some("deployment.created".to_owned());
        assert_eq!(error, NameError::NotCanonical { suggested });
        assert!(error.to_string().ends_with("use `deployment.created`"));
    }
    let error = strict("hunter2_secret.word").unwrap_err();
    assert_eq!(error, NameError::NotCanonical { suggested: None });
    assert!(!error.to_string().contains("hunter2"));
    assert!(check("deploymnt.created", Mode::default()).is_ok());
}

#[test]
fn suggestions_are_near_and_never_ours() {
    for (sent, expected) in [
        (
            "enviroment_variable.updated",
            Some("environment_variable.updated"),
        ),
        ("secrets.rotatd", Some("secret.rotated")),
        ("user.loged_in", Some("user.logged_in")),
        ("DeploymentCreated", Some("deployment.created")),
        ("weather.observed", None),
        ("a.b", None),
        ("veritrial.key.created", None),
    ] {
        assert_eq!(suggest(sent), expected, "{sent}");
    }
}

#[test]
fn modes_are_read_as_they_are_written() {
    for mode in [Mode::Open, Mode::Strict] {
        assert_eq!(Mode::parse(mode.as_str()), Some(mode));
    }
    assert_eq!(Mode::parse("Strict"), None);
}

#[test]
fn mutated_names_never_panic_never_reach_ours_and_stay_well_formed() {
    let alphabet: Vec<char> = "aAzZ09__..--::// éß\u{0}\u{7f}@\n".chars().collect();
    let mut state: u64 = 0x5eed;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut accepted = 0;
    for operation in all() {
        for round in 0..100 {
            let mut name: Vec<char> = operation.name.chars().collect();
            for _ in 0..=next(4) {
                let at = next(name.len());
                match next(4) {
                    0 => name[at] = alphabet[next(alphabet.len())],
                    1 => name.insert(at, alphabet[next(alphabet.len())]),
                    2 => name[at] = name[at].to_ascii_uppercase(),
                    _ if name.len() > 1 => drop(name.remove(at)),
                    _ => {}
                }
            }
            let sent: String = name.into_iter().collect();
            if round % 25 == 0 {
                let ours = |name: &str| name.starts_with("veritrail");
                assert!(!suggest(&sent).is_some_and(ours), "{sent:?}");
            }
            let Ok(resolved) = resolve(&sent) else {
                continue;
            };
            accepted += 1;
            assert!(is_well_formed(resolved.name()), "{sent:?}");
            assert!(!resolved.name().starts_with("veritrail."), "{sent:?}");
            assert!(!resolved.name().starts_with("veritrail_"), "{sent:?}");
            match &resolved {
                Resolved::Unknown { name } => assert_eq!(resolve(name).as_ref(), Ok(&resolved)),
                known => assert_eq!(find(known.name()), known.operation()),
            }
        }
    }
    assert!(accepted > 1_000, "the mutations must not all be refused");
}
