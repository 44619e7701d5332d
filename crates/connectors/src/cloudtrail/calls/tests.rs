use super::*;

const SERVICES: &[&str] = &[
    "iam",
    "sts",
    "signin",
    "sso",
    "cognito-idp",
    "cognito-identity",
    "sso-oidc",
    "codeartifact",
    "rolesanywhere",
    "organizations",
    "ram",
    "ec2",
    "ec2-instance-connect",
    "autoscaling",
    "lambda",
    "ecs",
    "eks",
    "ecr",
    "elasticloadbalancing",
    "route53",
    "acm",
    "cloudfront",
    "wafv2",
    "s3",
    "rds",
    "dynamodb",
    "redshift",
    "backup",
    "athena",
    "sqs",
    "secretsmanager",
    "ssm",
    "kms",
    "cloudtrail",
    "config",
    "guardduty",
    "securityhub",
    "logs",
    "monitoring",
    "cloudformation",
    "codepipeline",
    "codebuild",
    "codedeploy",
    "codecommit",
    "states",
    "apigateway",
];

#[test]
fn every_call_of_the_tables_stands_once_and_is_well_formed() {
    let mut count = 0;
    for service in SERVICES {
        let calls = table(service);
        assert!(!calls.is_empty(), "{service}");
        let mut names = std::collections::BTreeSet::new();
        for call in calls {
            count += 1;
            assert!(
                names.insert(call.name),
                "{service} {} stands twice",
                call.name
            );
            let operations = [call.operation]
                .into_iter()
                .chain(call.or.map(|(_, name, _)| name));
            for operation in operations.filter(|name| !name.is_empty() && *name != "sign-in") {
                assert_eq!(clean::operation(operation), operation);
                assert!(
                    ledger::vocabulary::resolve(operation).is_ok(),
                    "{operation}"
                );
            }
            for part in call.things.split(';') {
                let (kind, places) = part.trim().split_once(':').unwrap();
                assert_eq!(clean::kind(kind), kind, "{service} {}", call.name);
                assert!(!places.contains(' '), "{service} {}", call.name);
            }
        }
    }
    assert!(count > 500, "{count}");
}

#[test]
fn versions_at_the_end_of_names_are_passed_over_and_numbers_are_not() {
    for (name, plain) in [
        ("CreateFunction20150331", "CreateFunction"),
        ("GetFunction20150331v2", "GetFunction"),
        ("CreateDistribution2020_05_31", "CreateDistribution"),
        ("ListObjectsV2", "ListObjectsV2"),
        ("GetV2", "GetV2"),
        ("AssociateVPCWithHostedZone", "AssociateVPCWithHostedZone"),
        ("20150331", ""),
        ("v2", "v2"),
        ("", ""),
    ] {
        assert_eq!(unversioned(name), plain, "{name}");
    }
}

#[test]
fn names_say_what_a_call_is_about() {
    for (name, expect) in [
        ("DescribeRouteTables", "route_table"),
        ("ListPolicies", "policy"),
        ("DescribeAddresses", "address"),
        ("GetTrailStatus", "trail_status"),
        ("ListIndexes", "index"),
        ("Query", "query"),
        ("", "resource"),
    ] {
        assert_eq!(noun(name), expect, "{name}");
    }
}

#[test]
fn what_has_no_meaning_keeps_aws_own_name() {
    let hostile = "Ä/\u{0}".repeat(100);
    for (service, name, expect) in [
        ("ec2", "FrobnicateGadget", "aws.ec2.frobnicate_gadget"),
        (
            "resource-explorer-2",
            "Search",
            "aws.resource_explorer_2.search",
        ),
        ("", &hostile, "aws.service.call"),
    ] {
        let operation = generic(service, name);
        assert_eq!(operation, expect);
        assert!(ledger::vocabulary::resolve(&operation).is_ok());
    }
    assert!(generic("x", &"Long".repeat(500)).len() <= ledger::limits::OPERATION_BYTES_MAX);
}
