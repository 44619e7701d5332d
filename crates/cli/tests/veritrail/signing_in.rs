//! A person signs in at the real server with a real identity provider, `oidc-provider-mock` of pip. `VERITRAIL_OIDC_MOCK`
//! names its program; `make test` installs it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::guarded::Guarded;
use crate::running::Running;

/// Lines of the provider's log in which its port must stand.
const LINES_MAX: usize = 100;

const ANA: &str = r#"{"sub":"ana","name":"Ana Example","email":"ana@example.com","email_verified":true,"groups":["ops"]}"#;
const BEN: &str =
    r#"{"sub":"ben","name":"Ben Example","email":"ben@example.com","email_verified":true}"#;

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

/// A server where people sign in with that provider. Where they come back to is looked at by the browser alone, which is
/// told the server's real address.
fn serving(issuer: &str) -> Running {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("secret"), "not-looked-at\n").unwrap();
    let arguments = [
        "--ui-url",
        "http://127.0.0.1:1",
        "--oidc-issuer",
        issuer,
        "--oidc-client-id",
        "veritrail",
        "--oidc-client-secret-file",
        "secret",
        "--oidc-roles",
        "ops=default:auditor",
    ];
    Running::start_in(directory, &arguments)
}

/// Somebody signs in with a browser of their name; what our server answers in the end.
fn signs_in(server: &Running, who: &str) -> (u16, String, String) {
    let browser = of(server, who);
    let (status, provider, _) = browser.asks(&[&format!("{}/sign-in/oidc", server.url)]);
    assert_eq!(status, 303, "{}", server.log());
    let (status, back, _) = browser.asks(&["-d", &format!("sub={who}"), &provider]);
    assert_eq!(status, 302);
    let there = server.url.strip_prefix("http://").unwrap();
    browser.asks(&["--connect-to", &format!("127.0.0.1:1:{there}"), &back])
}

fn of<'a>(server: &'a Running, who: &'a str) -> Browser<'a> {
    Browser {
        directory: server.path(),
        jar: who,
    }
}

#[test]
fn people_sign_in_with_a_real_provider_by_their_groups_and_accounts() {
    let Some(program) = std::env::var_os("VERITRAIL_OIDC_MOCK") else {
        println!(
            "NOT TESTED: VERITRAIL_OIDC_MOCK is not set: nobody signed in with oidc-provider-mock"
        );
        return;
    };
    let (_provider, issuer) = provider(Path::new(&program));
    let server = serving(&issuer);
    let page = format!("{}/t/default/sessions", server.url);
    let (status, to, body) = signs_in(&server, "ana");
    assert_eq!(
        (status, to.as_str()),
        (303, "http://127.0.0.1:1/"),
        "{body}"
    );
    let (status, _, body) = of(&server, "ana").asks(&[&page]);
    assert_eq!(status, 200);
    assert!(body.contains("Ana Example") && body.contains("auditor of default"));

    // Ben is in no group; an account lets him in, and its end out.
    assert_eq!(signs_in(&server, "ben").0, 403);
    let account = |verb: &str, person: &str, more: &[&str]| {
        let mut arguments = vec!["account", verb, person];
        arguments.extend(more);
        server.operate(&arguments).ends(0)
    };
    let more = ["--role", "reader", "--tenant", "default"];
    let id = account("create", "Ben@Example.com", &more);
    assert_eq!(signs_in(&server, "ben").0, 303);
    assert_eq!(of(&server, "ben").asks(&[&page]).0, 200);
    account("end", id.trim(), &["--tenant", "default"]);
    assert_eq!(of(&server, "ben").asks(&[&page]).0, 404);

    // Ana's browser is signed out by an operator.
    let told = server.operate(&["session", "list"]).ends(0);
    let ana = told.lines().find(|line| line.contains("Ana Example"));
    let session = ana.unwrap().split_whitespace().next().unwrap();
    assert!(ana.unwrap().contains("default"), "{told}");
    server.operate(&["session", "end", session]).ends(0);
    assert_eq!(of(&server, "ana").asks(&[&page]).0, 303);
    let again = server.operate(&["session", "end", session]);
    again.complains(2, "nothing is here");

    // An operator's account in the instance's own tenant, over a restart.
    let more = ["--role", "operator", "--tenant", "_instance"];
    account("create", "ben@example.com", &more);
    let server = Running::start_in(server.stop(), &[]);
    let told = server.operate(&["account", "list"]).ends(0);
    assert_eq!(told.matches("ben@example.com").count(), 2, "{told}");
}
