//! Secrets in their hiding places.

use super::*;

#[test]
fn a_token_is_found_by_its_prefix_in_the_middle_of_prose() {
    let alnum = [
        ("gh", "p_", 36),
        ("gh", "o_", 36),
        ("gh", "u_", 36),
        ("gh", "s_", 36),
        ("gh", "r_", 36),
        ("github_", "pat_", 59),
        ("gl", "pat-", 20),
        ("gl", "dt-", 20),
        ("gl", "rt-", 20),
        ("xo", "xb-", 40),
        ("xo", "xp-", 40),
        ("xa", "pp-", 40),
        ("sk_", "live_", 24),
        ("rk_", "live_", 24),
        ("sk_", "test_", 24),
        ("wh", "sec_", 32),
        ("AI", "za", 35),
        ("ya", "29.", 60),
        ("sk-", "ant-api03-", 80),
        ("sk-", "proj-", 80),
        ("sk", "-", 48),
        ("np", "m_", 36),
        ("pypi-", "AgEIcHlwaS5vcmc", 60),
        ("dop_", "v1_", 64),
        ("hv", "s.", 24),
        ("hv", "b.", 100),
        ("shp", "at_", 32),
        ("shp", "ss_", 32),
        ("lin_", "api_", 40),
        ("HR", "KU-", 36),
        ("dp.", "pt.", 40),
        ("fm", "2_", 80),
        ("sb", "p_", 40),
        ("pscale_", "tkn_", 32),
        ("PM", "AK-", 59),
        ("NR", "AK-", 27),
        ("ATA", "TT3xFfGF0", 60),
        ("dckr_", "pat_", 27),
        ("h", "f_", 34),
        ("gl", "sa_", 32),
        ("vt", "k_", 32),
        ("tsk", "ey-auth-", 30),
        ("fig", "d_", 40),
        ("GOC", "SPX-", 28),
        ("xkey", "sib-", 64),
        ("gs", "k_", 52),
        ("r", "8_", 37),
        ("secr", "et_", 43),
        ("sntr", "ys_", 60),
        ("glc", "bt-", 20),
        ("npm", "_", 36),
        ("CCI", "PAT_", 40),
        ("rubygems", "_", 48),
    ];
    for (start, middle, length) in alnum {
        let token = format!("{start}{middle}{}", body(length));
        finds(&format!("pushed with «{token}» by ci"));
        finds(&format!("«{token}»"));
    }
}

#[test]
fn a_token_of_fixed_alphabet_is_found_whole() {
    let aws = format!("{}{}", "AK", "IAIOSFODNN7EXAMPLE");
    finds(&format!("used key «{aws}» from ci"));
    finds(&format!("«{}»", aws.replace("AK", "AS")));
    finds(&format!("twilio «{}{}» ok", "S", "K".to_owned() + &hex(32)));
    finds(&format!("«{}{}»", "dap", "i".to_owned() + &hex(32)));
    finds(&format!(
        "mail «{}{}» sent",
        "ke",
        "y-".to_owned() + &hex(32)
    ));
    finds(&format!("«SG.{}.{}»", body(22), body(43)));
    finds(&format!("bot «123456789:AA{}» started", body(33)));
    finds(&format!("discord «M{}.Gh3k9Z.{}»", body(23), body(38)));
    finds(&format!("tfc «{}.atlasv1.{}» set", body(14), body(67)));
    finds(&format!(
        "entra «abC{}{}» set",
        "8Q",
        "~".to_owned() + &body(34)
    ));
    finds(&format!(
        "«AGE-SECRET-KEY-1{}»",
        "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L".repeat(2)
    ));
    finds(&format!(
        "{}/services/«T0001/B0002/{}»",
        "https://hooks.slack.com",
        body(24)
    ));
    finds(&format!(
        "{}/webhooks/«123456789/{}»",
        "https://discord.com/api",
        body(60)
    ));
    finds(&format!("hash «$2b$12${}» kept", body(53)));
    finds(&format!(
        "hash «$argon2id$v=19$m=65536,t=3,p=4${}${}»",
        body(22),
        body(43)
    ));
}

#[test]
fn the_secret_key_beside_an_aws_key_id_is_found() {
    let id = format!("{}{}", "AK", "IAIOSFODNN7EXAMPLE");
    let secret = "wJalrXUtnFEMI/K7MDENG/".to_owned() + "bPxRfiCYEXAMPLEKEY";
    finds(&format!("«{id}» «{secret}»"));
    finds(&format!("keys: «{secret}», «{id}»"));
}

#[test]
fn a_json_web_token_is_found_signed_or_not() {
    let header = base64url(r#"{"alg":"HS256","typ":"JWT"}"#);
    let payload = base64url(r#"{"sub":"42","name":"dev"}"#);
    finds(&format!("got «{header}.{payload}.{}»", body(43)));
    finds(&format!("got «{header}.{payload}.» unsigned"));
    finds(&format!("line\\n«{header}.{payload}.{}»", body(43)));
    finds(&format!(
        "«{header}..{}.{}.{}»",
        body(16),
        body(40),
        body(22)
    ));
}

#[test]
fn a_private_key_is_found_to_its_end_or_to_the_end_of_the_text() {
    for kind in ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "] {
        let dashes = "-----";
        let key = format!(
            "{dashes}BEGIN {kind}PRIVATE KEY{dashes}\nMIIB{}\n{dashes}END {kind}PRIVATE KEY{dashes}",
            body(60)
        );
        finds(&format!("before\n«{key}»\nafter"));
        finds(&format!("before\\n«{}»\\nafter", key.replace('\n', "\\n")));
        finds(&format!("cut off «{}»", &key[..60]));
    }
    finds(&format!(
        "der «MIIEvQ{}{}» end",
        "IBADANBgkqhkiG9w0BAQEFAASC",
        body(200)
    ));
}

#[test]
fn a_password_in_a_url_is_found_and_the_rest_stays() {
    finds("postgres://app:«s3cr3t»@db.internal:5432/prod");
    finds("connect to postgres://app:«s3cr3t»@db/prod failed");
    finds("redis://:«s3cr3t»@cache:6379/0");
    finds("amqp://guest:«a:b»@mq/vhost");
    finds("mongodb+srv://u:«p%40ss»@h1,h2/db?w=1");
    finds("https://me@example.com:«hunter2»@git.example.com/x.git");
    finds("postgres://app:«pa/ss?w#rd»@db/prod");
    finds(r#"{"url":"mysql://root:«toor»@db"}"#);
    finds("jdbc:postgresql://db/prod?user=app&password=«s3cr3t»&ssl=true");
    finds(&format!("https://«{}»@github.com/org/repo", hex(40)));
    finds("https://deploy:«x»@host/");
    finds("root:«toor»@tcp(db:3306)/prod");
    finds("a https://u:«p1»@h/ and https://u:«p2»@h/");
}

#[test]
fn secret_query_parameters_are_found() {
    finds("https://api.example.com/v1?token=«abc123»&page=2");
    finds("/callback?state=1&access_token=«abc»#top");
    finds("https://x.example/?api_key=«abc»&api-key=«def»&user=dev");
    finds("https://acct.blob.core.windows.net/c?sv=2024&sig=«aB%2BcdE5fG7hJ9kL1»&se=1");
    finds("https://b.s3.example/o?X-Amz-Signature=«9f3b7c1d5e8a0426»&X-Amz-Date=1");
    finds("GET /x?client_secret=«q1»&grant_type=code HTTP/1.1");
    finds("https://x.example/?a=1\\u0026token=«abc123»\\u0026b=2");
    finds("otpauth://totp/Example:dev?secret=«JBSWY3DPEHPK3PXP»&issuer=Example");
}

#[test]
fn headers_are_found_as_lines_and_as_values() {
    finds("Authorization: Bearer «abc123»");
    finds("authorization: bearer «abc.def-ghi_jkl=»\r\nHost: x");
    finds("Bearer «abc123def456»");
    finds("Basic «dXNlcjpwYXNz»");
    finds("Authorization: Basic «dXNlcjpwYXNz»");
    finds("Proxy-Authorization: Digest «username=\"dev\", response=\"9f3b\"»");
    finds("Authorization: AWS4-HMAC-SHA256 «Credential=x/20260312/us, Signature=9f3b»");
    finds("Authorization: «opaque-value»");
    finds("Cookie: «a=b; c=d»\nAccept: */*");
    finds("Set-Cookie: «sid=abc123; Path=/; HttpOnly»");
    finds("X-Api-Key: «x1y2»");
    finds("X-Vault-Token: «x1y2»");
    finds("GET / HTTP/1.1\r\nHost: x\r\nX-Auth-Token: «x1y2»\r\n\r\n");
    finds("curl -H 'Authorization: Bearer «abc123»' https://x.example");
    finds("curl -H \"Cookie: «sid=1; t=2»\" https://x.example");
    finds("X-Request: 1\\nAuthorization: Token «x1y2»\\nHost: x");
}

#[test]
fn assignments_are_found() {
    finds("DATABASE_PASSWORD=«hunter2»");
    finds("export GITHUB_TOKEN=«abc» CI=true");
    finds("PGPASSWORD='«two words»' psql");
    finds("AWS_SECRET_ACCESS_KEY=\"«wJalr\\\"XUtn»\" aws s3 ls");
    finds("Server=db;User Id=sa;Password=«a,b!c»;Database=prod");
    finds("DefaultEndpointsProtocol=https;AccountName=x;AccountKey=«abc/def+==»;EndpointSuffix=y");
    finds("Endpoint=sb://x.example/;SharedAccessKeyName=root;SharedAccessKey=«abc=»");
    finds("UID=sa;PWD=«xyz123»");
    finds("password = «hunter2»");
    finds("password := \"«hunter2»\"");
    finds(":password => '«hunter2»'");
    finds("config['api_key'] = '«x1»'");
    finds("user[password]=«hunter2»&user[name]=dev");
    finds("(token=«abc»)");
    finds("login ok, secret=«abc», next");
    finds("spring.datasource.password=«hunter2»");
    finds("STRIPE_KEY=«abc123»");
    finds("contraseña=«hunter2»");
    finds("password=«pässwörd» ok");
}

#[test]
fn names_with_a_colon_are_found() {
    finds("password: «hunter2»");
    finds("user: dev\npassword: «correct»\nhost: db");
    finds("- api_key: «abc123»");
    finds("API key: «abc123»");
    finds(
        "client secret: x\nConnection String: «Server-x»"
            .replace("client secret: x\n", "")
            .as_str(),
    );
    finds("token:«abc123»");
    finds("password:«hunter2»");
    finds("passphrase: «correct horse battery staple»");
    finds("{password: «hunter2», user: dev}");
    finds("Your one-time code. OTP: «123456».");
}

#[test]
fn broken_json_is_read_as_text() {
    finds(r#"{"user":"dev","password":"«hunter2»","x":"#);
    finds(r#"{"user":"dev","password" : "«hun\"ter 2»", "x": 1"#);
    finds(r#"{\"token\":\"«abc def»\",\"x\":1"#);
    finds(r#"{\\\"token\\\":\\\"«abc»\\\",\\\"x\\\":1"#);
    finds(r#"{"pin": «1234», "x":"#);
    finds(r#"{"refreshToken":"«never closed"#.to_owned().as_str().replace("closed", "closed»").as_str());
    finds("{'clientSecret': '«it is»', 'x': 1");
    finds(r#"{"passwords":[«"a","b"»],"x":"#);
}

#[test]
fn command_lines_are_found() {
    finds("app --token «abc123» --verbose");
    finds("app --password=«hunter2» up");
    finds("app --db-password «hunter2»");
    finds("app --api-key '«abc def»' run");
    finds("deploy -token «abc»");
    finds("Connect-X -Password \"«a b»\"");
    finds("app --db_password «hunter2»");
    finds("curl -u dev:«hunter2» https://x.example");
    finds("curl --user dev:«hunter2» https://x.example");
    finds("sshpass -p «hunter2» ssh host");
    finds("mysql -uroot -p«hunter2» prod");
    finds("docker login -u dev -p «hunter2» registry.example");
    finds("redis-cli -h cache -a «hunter2» ping");
}

#[test]
fn sql_xml_and_netrc_are_found() {
    finds("ALTER USER app WITH PASSWORD '«hunter2»'");
    finds("CREATE USER 'app'@'%' IDENTIFIED BY '«hunter2»'");
    finds("<user>dev</user><password>«hunter2»</password>");
    finds("<ns:apiKey>«abc»</ns:apiKey>");
    finds("machine x.example login dev password «hunter2»");
}

#[test]
fn base64_that_holds_a_secret_is_found_as_a_whole() {
    for secret in [
        "password=hunter2",
        "pwd=hunter2",
        "{\"user\":\"dev\",\"password\":\"hunter2\"}",
        "postgres://app:s3cr3t@db/prod",
        "Authorization: Bearer abc123",
        "name: ünï\npassword: hunter2",
    ] {
        finds(&format!("data «{}» end", base64(secret)));
        finds(&format!("data «{}» end", base64url(secret)));
        finds(&format!("x=«{}»", base64(secret)));
        finds(&format!("«prefix/{}»", base64(secret)));
        let twice = base64(&base64(secret));
        finds(&format!("«{twice}»"));
        finds(&format!("«{}»", base64(&format!("a {} b", base64(&twice)))));
    }
}

#[test]
fn base64_of_utf_16_of_binary_and_in_lines_is_opened() {
    let wide: String = "password=hunter2"
        .chars()
        .flat_map(|letter| [letter, '\0'])
        .collect();
    finds(&format!("powershell -enc «{}»", base64(&wide)));
    let bytes = [
        &[0xffu8, 0xfe, 0x01, 0x9c].repeat(12)[..],
        b" password=hunter2 ",
        &[0x80, 0x02].repeat(20),
    ]
    .concat();
    finds(&format!(
        "«{}»",
        <base64ct::Base64 as base64ct::Encoding>::encode_string(&bytes)
    ));
    let long = base64(&format!(
        "{}, password=hunter2, {}",
        "ordinary text ".repeat(6),
        "more text ".repeat(9)
    ));
    let lines: Vec<&str> = long
        .as_bytes()
        .chunks(76)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    finds(&format!("«{}»", lines.join("\n")));
}

#[test]
fn percent_encoding_is_opened_once() {
    let github = format!("{}{}", "gh", "p_".to_owned() + &body(36));
    finds(&format!(
        "next={}«{github}»",
        percent("https://x.example/?token=")
    ));
    finds(&format!(
        "q={}«hunter2»{}",
        percent("{\"password\":\""),
        percent("\"}")
    ));
    finds(&format!(
        "u={}«s3cr3t»{}",
        percent("postgres://app:"),
        percent("@db/prod")
    ));
    finds("a=1&h=Authorization%3A%20Bearer%20«abc123»");
}

#[test]
fn what_is_masked_is_left_and_what_is_glued_to_it_is_not() {
    let mask = "[masked:hmac-sha256:k1:aB3dE5fG7hJ9kL1mN2pQ4r]";
    finds(mask);
    finds(&format!("password={mask} token: {mask}"));
    finds(&format!("postgres://app:{mask}@db/prod"));
    finds(&format!("Authorization: Bearer {mask}"));
    finds(&format!("password={mask}«hunter2»"));
    finds(&format!("password=«hunter2»{mask}"));
}
