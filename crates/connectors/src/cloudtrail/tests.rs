use super::*;
use crate::event::Nature;

fn items(body: &str) -> Vec<Item> {
    read(&Delivery::file(body.as_bytes())).unwrap().items
}

fn only(body: &str) -> Event {
    match items(body).as_slice() {
        [Item::Event(event)] => {
            ledger::event::read(event.to_value()).unwrap();
            (**event).clone()
        }
        other => panic!("{other:?}"),
    }
}

fn record(rest: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.08","eventTime":"2026-03-12T14:32:07Z","eventSource":"iam.amazonaws.com","eventID":"e1","recipientAccountId":"111122223333"{rest}}}"#
    )
}

fn call(name: &str, rest: &str) -> Event {
    only(&record(&format!(r#","eventName":"{name}"{rest}"#)))
}

#[test]
fn one_record_is_one_event_whatever_is_around_it() {
    let plain = record(r#","eventName":"CreateUser""#);
    let id = only(&plain).id;
    let quoted = serde_json::to_string(&plain).unwrap();
    for around in [
        format!(r#"{{"Records":[{plain}]}}"#),
        format!(" \n{{ \"Records\" : [ {plain} ] , \"more\": 1 }}"),
        format!("[{plain}]"),
        format!(
            r#"{{"detail-type":"AWS API Call via CloudTrail","source":"aws.iam","detail":{plain}}}"#
        ),
        format!(
            r#"{{"messageType":"DATA_MESSAGE","logEvents":[{{"id":"1","message":{quoted}}}]}}"#
        ),
        format!(r#"{{"Type":"Notification","Message":{quoted}}}"#),
        format!(r#"{{"Records":[{{"eventSource":"aws:sqs","body":{quoted}}}]}}"#),
        format!(r#"{{"Records":[{{"EventSource":"aws:sns","Sns":{{"Message":{quoted}}}}}]}}"#),
        format!(r#"{{"Events":[{{"EventId":"e1","CloudTrailEvent":{quoted}}}]}}"#),
    ] {
        assert_eq!(only(&around).id, id, "{around}");
    }
    let other = plain.replace("\"e1\"", "\"e2\"");
    assert_eq!(items(&format!("{plain}\n{other}\n")).len(), 2);
    let without = plain.replace("\"eventID\":\"e1\",", "");
    assert_eq!(only(&without).id, only(&format!("[{without}]")).id);
    assert_ne!(only(&without).id, id);
}

#[test]
fn a_broken_record_costs_itself_and_a_file_that_is_cut_off_is_refused() {
    let good = record(r#","eventName":"CreateUser""#);
    let twice = good.replacen("\"eventID\"", "\"eventName\":\"X\",\"eventID\"", 1);
    let found = items(&format!(r#"{{"Records":[{twice},{good},7]}}"#));
    assert!(matches!(&found[0], Item::Refused(refusal) if refusal.index == 0));
    assert!(matches!(found[1], Item::Event(_)));
    assert!(matches!(&found[2], Item::Refused(refusal) if refusal.index == 2));
    let file = format!(r#"{{"Records":[{good},{good}]}}"#);
    for end in [1, 12, 40, file.len() / 2, file.len() - 1] {
        let cut = Delivery::file(&file.as_bytes()[..end]);
        assert!(matches!(read(&cut), Err(Unreadable::Json(_))), "{end}");
    }
}

#[test]
fn other_shapes_are_refused_and_none_panics() {
    for body in [
        "",
        "{}",
        "7",
        "\"x\"",
        "{\"a\":1}",
        "null",
        "[]",
        r#"{"Records":{}}"#,
        r#"{"Records":[]}"#,
    ] {
        let read = read(&Delivery::file(body.as_bytes()));
        assert!(
            matches!(read, Err(Unreadable::Shape { .. })),
            "{body}: {read:?}"
        );
    }
    for body in [
        &b"\xff\xfe"[..],
        b"{\"Records\":[\"\xff\"]}",
        b"{\"Records\":[",
        b"{",
    ] {
        assert!(matches!(
            read(&Delivery::file(body)),
            Err(Unreadable::Json(_))
        ));
    }
    for odd in [
        r#","eventName":"X","userIdentity":7"#,
        r#","eventName":"X","userIdentity":{"type":["a"],"arn":{}}"#,
        r#","eventName":"X","requestParameters":[[1]],"responseElements":"x""#,
        r#","eventName":"X","eventTime2":"x","errorCode":"","sourceIPAddress":"AWS Internal""#,
        r#","eventName":"RunInstances","responseElements":{"instancesSet":{"items":{"instanceId":7}}}"#,
    ] {
        only(&record(odd));
    }
}

#[test]
fn a_future_version_is_read_all_the_same() {
    let future = r#"{"eventVersion":"9.0","eventName":"DeleteTrail","eventSource":"cloudtrail.amazonaws.com","eventType":"New","novel":{"a":1}}"#;
    let event = only(future);
    assert_eq!(event.operation, "audit_trail.deleted");
    let value = event.to_value();
    assert_eq!(text(&value, &["metadata", "event_version"]), Some("9.0"));
}

#[test]
fn envelopes_within_each_other_end() {
    let mut body = record(r#","eventName":"X""#);
    for _ in 0..10 {
        body = format!("[{body}]");
    }
    let found = items(&body);
    assert!(
        matches!(&found[..], [Item::Refused(refusal)] if refusal.rule == "cloudtrail.too_deep")
    );
    let deep = format!(
        r#"{{"Records":[{}]}}"#,
        record(&format!(
            r#","eventName":"X","requestParameters":{}{}"#,
            "[".repeat(1_000),
            "]".repeat(1_000)
        ))
    );
    assert!(matches!(items(&deep).as_slice(), [Item::Refused(_)]));
}

#[test]
fn a_hundred_thousand_records_are_read_and_one_more_is_too_many() {
    let one = r#"{"eventVersion":"1","eventName":"A","eventSource":"s","eventID":"N"}"#;
    let file = |count: usize| {
        let records: Vec<String> = (0..count)
            .map(|n| one.replace('N', &n.to_string()))
            .collect();
        format!(r#"{{"Records":[{}]}}"#, records.join(","))
    };
    assert_eq!(items(&file(EVENTS_MAX)).len(), EVENTS_MAX);
    let more = file(EVENTS_MAX + 1);
    assert!(matches!(
        crate::Vendor::Cloudtrail.read(&Delivery::file(more.as_bytes())),
        Err(Unreadable::TooMany)
    ));
}

#[test]
fn secrets_of_requests_and_answers_are_left_out_and_ids_stay() {
    let event = call(
        "AssumeRole",
        r#","requestParameters":{"masterUserPassword":"hunter2hunter2","secretString":"s3","userData":"dXNlcg==","policyDocument":"{}","environment":{"variables":{"DB":"pw-1"}},"to":"ana@example.com"},"responseElements":{"credentials":{"accessKeyId":"ASIAX","secretAccessKey":"wJalr","sessionToken":"IQoJ"},"Credentials":{"SessionToken":"FwoG"}}"#,
    );
    let text = event.to_value().to_compact();
    for secret in [
        "hunter2", "s3\"", "dXNl", "pw-1", "ana@", "wJalr", "IQoJ", "FwoG",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
    for kept in ["policyDocument", "\"ASIAX\"", "\"DB\""] {
        assert!(text.contains(kept), "{kept}");
    }
}

#[test]
fn refusals_are_denied_and_mistakes_are_failures() {
    for (code, expect) in [
        ("AccessDenied", "denied"),
        ("AccessDeniedException", "denied"),
        ("Client.UnauthorizedOperation", "denied"),
        ("VpceAccessDenied", "denied"),
        ("NoSuchEntityException", "failure"),
        ("ThrottlingException", "failure"),
    ] {
        let event = call(
            "GetUser",
            &format!(r#","readOnly":true,"errorCode":"{code}""#),
        );
        assert_eq!(event.outcome.unwrap().result, expect, "{code}");
    }
    let message = r#","errorCode":"AccessDenied","errorMessage":"User: ana@example.com is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/admin because""#;
    let event = only(
        &record(&format!(
            r#","eventName":"AssumeRole","eventSource2":"x"{message}"#
        ))
        .replace("iam.amazonaws.com", "sts.amazonaws.com"),
    );
    assert_eq!(
        event.resource.id.as_deref(),
        Some("arn:aws:iam::1:role/admin")
    );
    assert!(!event.outcome.unwrap().message.unwrap().contains("ana@"));
}

#[test]
fn sign_ins_say_how_they_ended_and_hidden_names_are_no_names() {
    let body = record(
        r#","eventName":"ConsoleLogin","userIdentity":{"type":"IAMUser","accountId":"111122223333","userName":"HIDDEN_DUE_TO_SECURITY_REASONS"},"errorMessage":"No username found in supplied account","responseElements":{"ConsoleLogin":"Failure"},"additionalEventData":{"MFAUsed":"No"}"#,
    )
    .replace("iam.amazonaws.com", "signin.amazonaws.com");
    let event = only(&body);
    assert_eq!(event.operation, "user.login_failed");
    assert_eq!(event.outcome.as_ref().unwrap().result, "failure");
    assert_eq!(event.actor.name, None);
    assert!(!event.to_value().to_compact().contains("HIDDEN_DUE"));
}

#[test]
fn who_acts_is_told_from_for_whom() {
    let who = |identity: &str| call("X", &format!(r#","userIdentity":{identity}"#)).actor;
    let session = who(
        r#"{"type":"AssumedRole","principalId":"AROA:ci","arn":"arn:aws:sts::1:assumed-role/deploy/ci","accessKeyId":"ASIA","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::1:role/deploy","userName":"deploy"}}}"#,
    );
    assert_eq!(session.kind, "service_account");
    assert_eq!(
        session.id.as_deref(),
        Some("arn:aws:sts::1:assumed-role/deploy/ci")
    );
    assert_eq!(session.name.as_deref(), Some("deploy/ci"));
    let role = session.on_behalf_of.unwrap();
    assert_eq!(
        (&*role.kind, role.id.as_deref()),
        ("role", Some("arn:aws:iam::1:role/deploy"))
    );
    let person = who(
        r#"{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/AWSReservedSSO_Admin_0a/ana@example.com","sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::1:role/r","userName":"AWSReservedSSO_Admin_0a"}},"onBehalfOf":{"userId":"9067"}}"#,
    );
    assert_eq!(
        (person.kind, person.email.as_deref()),
        ("user", Some("ana@example.com"))
    );
    assert_eq!(person.on_behalf_of.unwrap().id.as_deref(), Some("9067"));
    for (identity, kind, id) in [
        (
            r#"{"type":"Root","accountId":"1"}"#,
            "user",
            Some("arn:aws:iam::1:root"),
        ),
        (
            r#"{"type":"AWSService","invokedBy":"ec2.amazonaws.com"}"#,
            "system",
            Some("ec2.amazonaws.com"),
        ),
        (
            r#"{"accountId":"1","invokedBy":"kms.amazonaws.com"}"#,
            "system",
            Some("kms.amazonaws.com"),
        ),
        (
            r#"{"type":"AWSAccount","accountId":"2","principalId":"AROAX"}"#,
            "service_account",
            Some("AROAX"),
        ),
        (
            r#"{"type":"AWSAccount","accountId":"ANONYMOUS_PRINCIPAL","principalId":""}"#,
            "anonymous",
            None,
        ),
        (
            r#"{"type":"SAMLUser","principalId":"p:ana","userName":"ana"}"#,
            "user",
            Some("p:ana"),
        ),
        (
            r#"{"type":"WebIdentityUser","principalId":"w","userName":"x"}"#,
            "user",
            Some("w"),
        ),
        (
            r#"{"type":"IdentityCenterUser","accountId":"1","onBehalfOf":{"userId":"90"}}"#,
            "user",
            Some("90"),
        ),
        (r#"{"type":"Unknown","principalId":"u"}"#, "user", Some("u")),
        ("{}", "system", None),
    ] {
        let actor = who(identity);
        assert_eq!((actor.kind, actor.id.as_deref()), (kind, id), "{identity}");
    }
}

#[test]
fn names_that_people_chose_stay_out_of_operations_and_types() {
    let record = r#"{"eventVersion":"1","eventSource":"codepipeline.amazonaws.com","eventName":"PollThing","eventID":"1","resources":[{"ARN":"arn:aws:codepipeline:eu-west-1:1:secretname/stage"}]}"#;
    let event = only(record);
    assert_eq!(event.resource.kind, "codepipeline");
    assert_eq!(event.operation, "aws.codepipeline.poll_thing");
}

#[test]
fn looking_is_a_read_and_changing_none() {
    let nature = |name: &str, rest: &str| call(name, rest).nature;
    assert_eq!(nature("GetGadget", ""), Nature::Read);
    assert_eq!(nature("GetGadget", r#","readOnly":false"#), Nature::Change);
    assert_eq!(nature("PollGadget", r#","readOnly":true"#), Nature::Read);
    assert_eq!(nature("CreateGadget", ""), Nature::Change);
    let data = r#","readOnly":true,"eventCategory":"Data","managementEvent":false"#;
    assert_eq!(nature("GetGadget", data), Nature::SensitiveRead);
}

#[test]
fn reads_that_hand_out_credentials_are_kept() {
    let rules = crate::noise::Rules::of_vendor(crate::Vendor::Cloudtrail);
    let look = |source: &str, name: &str| {
        let rest = format!(r#","eventName":"{name}","readOnly":true"#);
        let event = only(&record(&rest).replace("iam.amazonaws", &format!("{source}.amazonaws")));
        let is_kept = rules.decide(&event) == crate::noise::Decision::Keep;
        (event.operation.into_owned(), is_kept)
    };
    for (source, name) in [
        ("cognito-identity", "GetCredentialsForIdentity"),
        ("cognito-identity", "GetOpenIdToken"),
        ("cognito-identity", "GetOpenIdTokenForDeveloperIdentity"),
        ("codeartifact", "GetAuthorizationToken"),
        ("ecr", "GetAuthorizationToken"),
        ("sso", "GetRoleCredentials"),
        ("sts", "GetSessionToken"),
        ("sts", "GetFederationToken"),
        ("s3", "GetDataAccess"),
    ] {
        let expect = ("access_token.created".to_owned(), true);
        assert_eq!(look(source, name), expect, "{source} {name}");
    }
    for (source, name, expect) in [
        ("redshift-serverless", "GetCredentials", true),
        ("lakeformation", "GetTemporaryGlueTableCredentials", true),
        ("lightsail", "GetInstanceAccessDetails", true),
        ("lightsail", "GetRelationalDatabaseMasterUserPassword", true),
        (
            "emr-containers",
            "GetManagedEndpointSessionCredentials",
            true,
        ),
        ("sagemaker", "CreatePresignedDomainUrl", true),
        ("quicksight", "GetDashboardEmbedUrl", true),
        ("novel", "IssueToken", true),
        ("novel", "ListCredentials", false),
        ("novel", "DescribeSecret", false),
        ("iam", "GetAccountPasswordPolicy", false),
        ("novel", "GetThing", false),
    ] {
        assert_eq!(look(source, name).1, expect, "{source} {name}");
    }
}

#[test]
fn values_in_messages_are_left_out_of_the_outcome() {
    let event = call(
        "UpdateFunctionConfiguration",
        r#","errorCode":"ValidationException","errorMessage":"1 validation error detected: Value '{A=HUNTER40}' at 'environment.variables' failed to satisfy constraint""#,
    );
    let text = event.to_value().to_compact();
    assert!(!text.contains("HUNTER"), "{text}");
    assert!(text.contains("at 'environment.variables' failed"), "{text}");
}

#[test]
fn notifications_name_files_and_hold_no_events() {
    let of_trail = r#"{"Type":"Notification","Message":"{\"s3Bucket\":\"logs\",\"s3ObjectKey\":[\"a/b.json.gz\",\"c.json.gz\"]}"}"#;
    let of_bucket = r#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"logs"},"object":{"key":"a+b%3D.json.gz"}}}]}"#;
    let of_bridge = r#"{"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"logs"},"object":{"key":"x"}}}"#;
    for (body, keys) in [
        (of_trail, &["a/b.json.gz", "c.json.gz"][..]),
        (of_bucket, &["a b=.json.gz"]),
        (of_bridge, &["x"]),
    ] {
        let objects = cloudtrail_objects(body.as_bytes());
        let found: Vec<&str> = objects.iter().map(|(_, key)| key.as_str()).collect();
        assert_eq!(found, keys);
        assert!(objects.iter().all(|(bucket, _)| bucket == "logs"));
        let passed = items(body);
        assert_eq!(passed.len(), keys.len());
        assert!(passed.iter().all(
            |item| matches!(item, Item::Passed { rule } if *rule == "cloudtrail.notification")
        ));
    }
    assert!(cloudtrail_objects(b"{\"Records\":[{}]}").is_empty());
    assert!(cloudtrail_objects(b"\xff").is_empty());
}

#[test]
fn what_holds_no_records_is_passed_over_by_name() {
    for (body, expect) in [
        (
            r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#,
            "cloudtrail.s3_test",
        ),
        (
            r#"{"digestStartTime":"x","digestS3Bucket":"b","logFiles":[]}"#,
            "cloudtrail.digest",
        ),
        (
            r#"{"messageType":"CONTROL_MESSAGE","logEvents":[]}"#,
            "cloudtrail.control_message",
        ),
        (
            r#"{"Type":"SubscriptionConfirmation","SubscribeURL":"https://x"}"#,
            "cloudtrail.subscription",
        ),
    ] {
        assert!(matches!(items(body).as_slice(), [Item::Passed { rule }] if *rule == expect));
    }
}
