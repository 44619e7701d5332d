//! A person signs in at the real server with a real identity provider, oidc-provider-mock from PyPI. `VERITRAIL_OIDC_MOCK`
//! names its program; `make test` installs it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::guarded::Guarded;
use crate::running::Running;

/// Lines of the provider's log in which its port must stand.
const LINES_MAX: usize = 100;

const ANA: &str = r#"{"sub":"ana","name":"Ana Example","email":"ana@example.com","email_verified":true,"groups":["ops"]}"#;
const BEN: &str = r#"{"sub":"ben","name":"Ben Example","email":"ben@example.com","email_verified":true}"#;

/// The provider on a port that the system chose, and its address.
fn provider(program: &Path) -> (Guarded, String) {
    let mut command = Command::new(program);
    command
        .args(["--port", "0", "--user-claims", ANA, "--user-claims", BEN])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = Guarded::start(&mut command);
    let lines = BufReader::new(child.0.stderr.take().unwrap()).lines();
    let mut lines = lines.take(LINES_MAX).map(Result::unwrap);
    let found = lines.find_map(|line| {
        let (_, rest) = line.split_once("running on ")?;
        Some(rest.split_whitespace().next()?.to_owned())
    });
    let address = found.expect("the provider says where it listens");
    // Nobody reads what else it says, and it must not wait for that.
    std::thread::spawn(move || lines.for_each(drop));
    (child, address)
}

/// A browser: curl with a jar of cookies.
struct Browser<'a> {
    directory: &'a Path,
    jar: &'a str,
}

impl Browser<'_> {
    /// Status, where it is sent, and the body.
    fn asks(&self, arguments: &[&str]) -> (u16, String, String) {
        let output = Command::new("curl")
            .current_dir(self.directory)
            .args(["-sS", "-m", "20", "-b", self.jar, "-c", self.jar])
            .args(["-w", "\n%{http_code} %{redirect_url}"])
            .args(arguments)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, told) = text.rsplit_once('\n').unwrap();
        let (status, to) = told.split_once(' ').unwrap();
        (status.parse().unwrap(), to.to_owned(), body.to_owned())
    }
}

#[test]
fn people_sign_in_with_a_real_provider_by_their_groups_and_accounts() {
    let Some(program) = std::env::var_os("VERITRAIL_OIDC_MOCK") else {
        println!("NOT TESTED: VERITRAIL_OIDC_MOCK is not set: nobody signed in with oidc-provider-mock");
        return;
    };
    let (_provider, issuer) = provider(Path::new(&program));
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("secret"), "not-looked-at\n").unwrap();
    // Where people come back to is looked at by the browser alone, which is told the server's real address.
    let server = Running::start_in(
        directory,
        &[
            "--ui-url",
            "http://127.0.0.1:1",
            "--oidc-issuer",
            &issuer,
            "--oidc-client-id",
            "veritrail",
            "--oidc-client-secret-file",
            "secret",
            "--oidc-roles",
            "ops=default:auditor",
        ],
    );
    let there = server.url.strip_prefix("http://").unwrap();
    let connect = format!("127.0.0.1:1:{there}");
    let browse = |jar, who| {
        let browser = Browser {
            directory: server.path(),
            jar,
        };
        let (_, provider, _) = browser.asks(&[&format!("{}/sign-in/oidc", server.url)]);
        assert!(provider.starts_with(&issuer), "{}", server.log());
        let (_, back, _) = browser.asks(&["-d", &format!("sub={who}"), &provider]);
        browser.asks(&["--connect-to", &connect, &back])
    };
    let (status, to, body) = browse("ana", "ana");
    assert_eq!((status, to.as_str()), (303, "http://127.0.0.1:1/"), "{body}");
    let ana = Browser {
        directory: server.path(),
        jar: "ana",
    };
    let (status, _, body) = ana.asks(&[&format!("{}/t/default/sessions", server.url)]);
    assert_eq!(status, 200);
    assert!(body.contains("Ana Example") && body.contains("auditor of default"));

    // Ben is in no group; an account lets him in, and its end out.
    assert_eq!(browse("ben", "ben").0, 403);
    let made = server.operate(&[
        "account", "create", "Ben@Example.com", "--role", "reader", "--tenant", "default",
    ]);
    let id = made.ends(0).trim().to_owned();
    assert_eq!(browse("ben", "ben").0, 303);
    let ben = Browser {
        directory: server.path(),
        jar: "ben",
    };
    let page = format!("{}/t/default/sessions", server.url);
    assert_eq!(ben.asks(&[&page]).0, 200);
    let told = server.operate(&["account", "list"]).ends(0);
    assert!(told.contains("ben@example.com"), "{told}");
    server.operate(&["account", "end", &id, "--tenant", "default"]).ends(0);
    assert_eq!(ben.asks(&[&page]).0, 404);

    // An operator named by an account in the instance's own tenant, over a restart too.
    let new = [
        "account", "create", "ben@example.com", "--role", "operator", "--tenant", "_instance",
    ];
    server.operate(&new).ends(0);
    let directory = server.stop();
    let server = Running::start_in(directory, &[]);
    let told = server.operate(&["account", "list", "--tenant", "_instance"]).ends(0);
    assert!(told.contains("ben@example.com"), "{told}");
}
