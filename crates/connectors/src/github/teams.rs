//! People and what they may do: members, teams, organisations, blocks, accounts of an own server, payments.
//!
//! Where an event is about a person, the person is the resource: what is to be erased with them hangs there.

use super::kind::{Kind, kind};

pub(super) const KINDS: &[Kind] = &[
    // A collaborator of one repository.
    kind("member", &["member", "repository", "!team"], "user")
        .of("member")
        .id(&["member/id"])
        .named(&["member/login"])
        .maps(&[
            ("added", "team.member_added"),
            ("edited", "permission.updated"),
            ("removed", "team.member_removed"),
        ]),
    kind("membership", &["member", "team", "scope"], "user")
        .of("member")
        .id(&["member/id"])
        .named(&["member/login"])
        .maps(&[
            ("added", "team.member_added"),
            ("removed", "team.member_removed"),
        ])
        .facts(&["scope"]),
    kind(
        "organization",
        &["organization", "action", "!repository"],
        "organization",
    )
    .alone(&["user"])
    .of("membership")
    .id(&["organization/id"])
    .named(&["organization/login"])
    .maps(&[
        ("deleted", "organization.deleted"),
        ("renamed", "organization.updated"),
        ("member_added", "team.member_added"),
        ("member_removed", "team.member_removed"),
        ("member_invited", "invitation.created"),
    ])
    .facts(&[
        "role=membership/role",
        "state=membership/state",
        "invited_as=invitation/role",
        "invitation=invitation/id",
        "teams=invitation/team_count",
    ]),
    kind("org_block", &["blocked_user"], "user")
        .of("blocked_user")
        .id(&["blocked_user/id"])
        .named(&["blocked_user/login"])
        .maps(&[("blocked", "access.blocked"), ("unblocked", "access.unblocked")]),
    kind("team", &["team", "action", "!member"], "team")
        .of("team")
        .id(&["team/id"])
        .named(&["team/slug"])
        .maps(&[
            ("created", "team.created"),
            ("deleted", "team.deleted"),
            ("edited", "team.updated"),
            ("added_to_repository", "team.access_granted"),
            ("removed_from_repository", "team.access_revoked"),
        ])
        .facts(TEAM),
    kind("team_add", &["team", "repository", "!action"], "team")
        .of("team")
        .id(&["team/id"])
        .named(&["team/slug"])
        .maps(&[("*", "team.access_granted")])
        .facts(TEAM),
    // GitHub Enterprise Server only.
    kind("user", &["user", "action", "!repository", "!organization"], "user")
        .alone(&[])
        .of("user")
        .id(&["user/id"])
        .named(&["user/login"])
        .maps(&[("created", "user.created"), ("deleted", "user.deleted")]),
    kind("enterprise", &["@", "!repository", "!organization"], "enterprise")
        .alone(&[])
        .of("enterprise")
        .id(&["enterprise/id"])
        .named(&["enterprise/slug"])
        .maps(&[
            ("anonymous_access_enabled", "security_feature.disabled"),
            ("anonymous_access_disabled", "security_feature.enabled"),
        ]),
    kind("sponsorship", &["sponsorship"], "subscription")
        .of("sponsorship")
        .id(&["sponsorship/node_id"])
        .maps(&[
            ("created", "subscription.created"),
            ("cancelled", "subscription.cancelled"),
            ("edited", "subscription.changed"),
            ("tier_changed", "subscription.changed"),
        ])
        .facts(&[
            "tier=sponsorship/tier/name",
            "privacy=sponsorship/privacy_level",
            "effective_date",
        ])
        .people(&["sponsorship/sponsor"]),
    kind("marketplace_purchase", &["marketplace_purchase"], "subscription")
        .of("marketplace_purchase")
        .id(&["marketplace_purchase/account/id"])
        .named(&["marketplace_purchase/account/login"])
        .maps(&[
            ("purchased", "subscription.created"),
            ("cancelled", "subscription.cancelled"),
            ("changed", "subscription.changed"),
        ])
        .facts(&[
            "plan=marketplace_purchase/plan/name",
            "units=marketplace_purchase/unit_count",
            "billing_cycle=marketplace_purchase/billing_cycle",
            "previous_plan=previous_marketplace_purchase/plan/name",
            "effective_date",
        ]),
];

const TEAM: &[&str] = &[
    "permission=team/permission",
    "privacy=team/privacy",
    "parent=team/parent/slug",
];
