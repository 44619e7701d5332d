use super::*;

fn left(source: &str, name: &str, request: &str) -> String {
    let record = format!(
        r#"{{"eventSource":"{source}.amazonaws.com","eventName":"{name}","requestParameters":{request}}}"#
    );
    let record = crate::delivery::parse(record.as_bytes()).unwrap();
    let part = crate::look::at(&record, &["requestParameters"]);
    kept(&record, part).unwrap().to_compact()
}

/// Service, call, request in which `HUNTER` is a secret, and what must stay of it.
type Setting = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const SETTINGS: &[Setting] = &[
    (
        "elasticbeanstalk",
        "UpdateEnvironment",
        r#"{"optionSettings":[{"namespace":"aws:elasticbeanstalk:application:environment","optionName":"DB","value":"HUNTER1"},{"optionName":"A","value":"HUNTER2"},{"namespace":"aws:rds:dbinstance","optionName":"DBPassword","value":"HUNTER3"},{"namespace":"aws:autoscaling:launchconfiguration","optionName":"DisableIMDSv1","value":"false"}]}"#,
        &["\"DB\"", "DBPassword", "\"value\":\"false\""],
    ),
    (
        "apprunner",
        "CreateService",
        r#"{"sourceConfiguration":{"imageRepository":{"imageConfiguration":{"runtimeEnvironmentVariables":{"DB":"HUNTER"},"runtimeEnvironmentSecrets":{"S":"HUNTER"},"port":"8080"}}}}"#,
        &["\"DB\"", "\"S\"", "8080"],
    ),
    (
        "codebuild",
        "StartBuild",
        r#"{"projectName":"shop","buildspec":"run HUNTER","buildspecOverride":"HUNTER","environmentVariablesOverride":[{"name":"DB","value":"HUNTER","type":"PLAINTEXT"}],"environment":{"environmentVariables":[{"name":"E","value":"HUNTER"}]}}"#,
        &["\"DB\"", "PLAINTEXT", "\"E\"", "shop"],
    ),
    (
        "events",
        "CreateConnection",
        r#"{"name":"c","authParameters":{"apiKeyAuthParameters":{"apiKeyValue":"HUNTER"},"invocationHttpParameters":{"headerParameters":[{"key":"X-A","value":"HUNTER","isValueSecret":true}],"queryStringParameters":[{"key":"q","value":"HUNTER"}],"bodyParameters":[{"key":"b","value":"HUNTER"}]}}}"#,
        &["X-A", "\"q\"", "\"b\""],
    ),
    (
        "events",
        "PutTargets",
        r#"{"targets":[{"arn":"a","httpParameters":{"headerParameters":{"X-B":"HUNTER"}}}]}"#,
        &["X-B"],
    ),
    (
        "cloudformation",
        "CreateStack",
        r#"{"stackName":"s","parameters":[{"parameterKey":"DbPassword","parameterValue":"HUNTER"}]}"#,
        &["DbPassword"],
    ),
    (
        "ssm",
        "PutParameter",
        r#"{"name":"/db","type":"String","value":"HUNTER"}"#,
        &["/db", "String"],
    ),
    (
        "ssm",
        "StartSession",
        r#"{"streamUrl":"wss://HUNTER","tokenValue":"HUNTER","sessionId":"s-1"}"#,
        &["s-1"],
    ),
    (
        "ecs",
        "RunTask",
        r#"{"overrides":{"containerOverrides":[{"name":"web","command":["sh","-c","HUNTER"],"environment":[{"name":"DB","value":"HUNTER"},{"name":"DC","value":["HUNTER"]}]}]},"entryPoint":["HUNTER"]}"#,
        &["\"web\"", "[3 left out]", "\"DB\"", "[1 left out]"],
    ),
    (
        "lambda",
        "UpdateFunctionConfiguration20150331v2",
        r#"{"environment":{"variables":{"name":"HUNTER","value":"HUNTER"}}}"#,
        &["\"name\""],
    ),
    (
        "novel",
        "CreateThing",
        r#"{"deep":[{"thing_environment_variables":{"DB":"HUNTER"},"custom.environment.variables":"HUNTER","EnvVars":["HUNTER"],"adminUserPassword":"HUNTER","manageMasterUserPassword":true}]}"#,
        &["\"DB\"", "\"manageMasterUserPassword\":true"],
    ),
    (
        "amplify",
        "UpdateApp",
        r#"{"appId":"d1","environmentVariables":{"DB":"HUNTER"},"buildSpec":"HUNTER"}"#,
        &["\"DB\"", "d1"],
    ),
];

#[test]
fn values_that_were_set_for_programs_are_left_out_whichever_the_call() {
    for (source, name, request, stays) in SETTINGS {
        let kept = left(source, name, request);
        assert!(!kept.contains("HUNTER"), "{name}: {kept}");
        for word in *stays {
            assert!(kept.contains(word), "{name}: {word} in {kept}");
        }
    }
}

#[test]
fn what_only_looks_like_a_setting_stays() {
    let kept = left(
        "rds",
        "ModifyDBParameterGroup",
        r#"{"parameters":[{"parameterName":"log_statement","parameterValue":"none"}],"nextToken":"n"}"#,
    );
    assert!(
        kept.contains("\"none\"") && kept.contains("\"n\""),
        "{kept}"
    );
    let kept = left(
        "s3",
        "PutBucketTagging",
        r#"{"tags":[{"key":"team","value":"shop"}]}"#,
    );
    assert!(kept.contains("shop"), "{kept}");
}

#[test]
fn messages_say_where_a_value_was_wrong_and_not_the_value() {
    for (sent, expect) in [
        (
            "1 validation error detected: Value '{A=HUNTER40}' at 'environment.variables' failed to satisfy constraint: Map",
            "1 validation error detected: Value '[left out]' at 'environment.variables' failed to satisfy constraint: Map",
        ),
        (
            "2 validation errors detected: Value '{A=it's HUNTER}' at 'a' failed to satisfy constraint: x; Value 'HUNTER' at 'b' failed to satisfy constraint: y",
            "2 validation errors detected: Value '[left out]' at 'a' failed to satisfy constraint: x; Value '[left out]' at 'b' failed to satisfy constraint: y",
        ),
        (
            "Value (HUNTER) for parameter groupId is invalid.",
            "Value ([left out]) for parameter groupId is invalid.",
        ),
        (
            "Invalid option value: 'HUNTER' (Namespace: 'aws:x', OptionName: 'y')",
            "Invalid option value: '[left out]' (Namespace: 'aws:x', OptionName: 'y')",
        ),
        ("Value 'HUNTER is cut off", "Value '[left out]"),
        ("Value 'HUNTER' is wrong", "Value '[left out]"),
        ("Value at 'name' failed", "Value at 'name' failed"),
        (
            "User: arn:aws:iam::1:user/ana is not authorized to perform: iam:GetUser",
            "User: arn:aws:iam::1:user/ana is not authorized to perform: iam:GetUser",
        ),
    ] {
        assert_eq!(message(sent), expect);
    }
    let many = "Value 'é' at 'a' failed; ".repeat(200);
    assert!(!message(&many).contains('é'));
}
