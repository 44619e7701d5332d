//! Precedence, bounds, and that the table tells the truth.

use super::*;

fn read(
    file: &str,
    environment: &[(&str, &str)],
    flags: &[(&str, &str)],
) -> Result<Config, String> {
    let lookup = |name: &str| {
        let found = environment.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let flags: Vec<(&str, String)> = flags
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    Config::read(Some(file), &lookup, &flags).map_err(|error| error.to_string())
}

#[test]
fn the_table_states_the_true_defaults() {
    for setting in setting::all() {
        let mut config = Config::default();
        // What is off by default is not set at all.
        if setting.name != "origin" && setting.default != "none" {
            setting
                .set(&mut config, setting.default, "the table")
                .unwrap();
        }
        assert_eq!(config, Config::default(), "{}", setting.name);
    }
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let file =
        "listen = \"127.0.0.1:1\"\n[anchor]\ninterval_seconds = 7\n[log]\nformat = \"json\"\n";
    let config = read(
        file,
        &[
            ("VERITRAIL_LISTEN", "127.0.0.1:2"),
            ("VERITRAIL_ANCHOR_INTERVAL_SECONDS", "8"),
        ],
        &[("--listen", "127.0.0.1:3")],
    )
    .unwrap();
    assert_eq!(
        (
            config.listen.port(),
            config.anchor.interval_seconds,
            config.log.format
        ),
        (3, 8, LogFormat::Json)
    );
}

#[test]
fn databases_are_named_as_a_list_with_colons_or_one_by_one() {
    let paths = |config: &Config| {
        let texts = config.geoip.iter().map(|path| path.display().to_string());
        texts.collect::<Vec<_>>().join(" ")
    };
    let flags = list(["f:1", "f2"]);
    for (file, environment, flags, expect) in [
        ("", &[][..], &[][..], ""),
        ("geoip = \"a\"", &[], &[], "a"),
        ("geoip = \"a:b\"", &[], &[], "a b"),
        ("geoip = [\"a:x\", \"b\"]", &[], &[], "a:x b"),
        ("geoip = []", &[], &[], ""),
        ("geoip = \"a\"", &[("VERITRAIL_GEOIP", "e:f")], &[], "e f"),
        ("geoip = \"a\"", &[("VERITRAIL_GEOIP", "")], &[], ""),
        (
            "geoip = \"a\"",
            &[("VERITRAIL_GEOIP", "e")],
            &[("--geoip", flags.as_str())],
            "f:1 f2",
        ),
    ] {
        let config = read(file, environment, flags).unwrap();
        assert_eq!(paths(&config), expect, "{file} {environment:?} {flags:?}");
    }
    let many = vec!["\"a\""; 17].join(",");
    for file in [
        "geoip = [5]",
        "geoip = [\"\"]",
        "geoip = [[\"a\"]]",
        "geoip = \"a::b\"",
        "geoip = [\"a\\u0000b\", \"\"]",
        &format!("geoip = [{many}]"),
        "listen = [\"127.0.0.1:1\"]",
        "data = [\"x\"]",
        "[anchor]\ncommand = [\"true\"]",
        "[anchor]\nurl = [\"https://x.example/\"]",
        "origin = [\"x\"]",
        "allow_plain_http = [\"true\"]",
        "[log]\nlevel = [\"info\"]",
    ] {
        let error = read(file, &[], &[]).unwrap_err();
        assert!(error.contains("expected"), "{file}: {error}");
    }
}

#[test]
fn what_is_unknown_is_refused_by_name() {
    for (file, name) in [
        ("listne = \"x\"", "listne"),
        ("[anchor]\nfiel = \"x\"", "anchor.fiel"),
        ("[nothing]\na = 1", "nothing.a"),
    ] {
        let error = read(file, &[], &[]).unwrap_err();
        assert!(
            error.contains(name) && error.contains("configuration file"),
            "{error}"
        );
    }
    let error = read("", &[], &[("--nothing", "1")]).unwrap_err();
    assert!(
        error.contains("the flags: there is no setting --nothing"),
        "{error}"
    );
}

#[test]
fn what_is_out_of_bounds_is_refused_without_repeating_it() {
    for (name, value) in [
        ("listen", "hunter2"),
        ("allow_plain_http", "hunter2"),
        ("data", ""),
        ("origin", "has space hunter2"),
        ("checkpoint_interval_ms", "9"),
        ("anchor.interval_seconds", "0"),
        ("anchor.command", ""),
        ("anchor.url", "ftp://hunter2"),
        ("anchor.url", "https://hunter2@example.com/"),
        ("anchor.url", "https:///hunter2"),
        ("tls.cert", ""),
        ("limits.queue_bytes", "-1"),
        ("limits.concurrent_requests", "65537"),
        ("log.format", "hunter2"),
        ("log.level", "hunter2"),
    ] {
        let error = read("", &[], &[(name, value)]).unwrap_err();
        assert!(
            error.contains(name) && error.contains("expected"),
            "{error}"
        );
        assert!(!error.contains("hunter2"), "{error}");
    }
    let error = read("listen = [1]", &[], &[]).unwrap_err();
    assert!(error.contains("listen: expected an address"), "{error}");
}

#[test]
fn a_malformed_file_is_refused_with_its_line() {
    let error = read("listen = \"127.0.0.1:1\"\nkeys = \n", &[], &[]).unwrap_err();
    assert!(error.contains("line 2"), "{error}");
}

#[test]
fn plain_http_beyond_loopback_takes_a_decision() {
    let error = read("listen = \"0.0.0.0:7400\"", &[], &[]).unwrap_err();
    assert!(error.contains("in the clear"), "{error}");
    let config = read(
        "listen = \"0.0.0.0:7400\"\nallow_plain_http = true",
        &[],
        &[],
    )
    .unwrap();
    assert!(config.allow_plain_http);
    assert!(read("listen = \"[::1]:7400\"", &[], &[]).is_ok());
}

#[test]
fn tls_takes_both_files_and_lets_the_server_listen_beyond_loopback() {
    let both = "listen = \"0.0.0.0:7400\"\n[tls]\ncert = \"c\"\nkey = \"k\"";
    let files = read(both, &[], &[]).unwrap().tls.files();
    assert_eq!(files, Some(("c".into(), "k".into())));
    for (file, given, missing) in [
        ("[tls]\ncert = \"c\"", "tls.cert", "tls.key"),
        ("[tls]\nkey = \"k\"", "tls.key", "tls.cert"),
        (
            "[anchor]\nurl_header_file = \"h\"",
            "anchor.url_header_file",
            "anchor.url",
        ),
    ] {
        let error = read(file, &[], &[]).unwrap_err();
        assert_eq!(
            error,
            format!("{given} is set, and needs {missing} besides")
        );
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "blessing writes the checked-in file, outside any store"
)]
fn the_reference_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/config.md");
    if std::env::var_os("VERITRAIL_BLESS").is_some() {
        std::fs::write(&path, reference()).unwrap();
    }
    if let Ok(text) = std::fs::read_to_string(path) {
        assert!(
            text == reference(),
            "docs/reference/config.md is not what config::reference() writes"
        );
    }
    for setting in setting::all() {
        assert!(reference().contains(&setting.variable()));
    }
}
