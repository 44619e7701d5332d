//! Ways in: load balancers, names, certificates, delivery networks, firewalls. Data only.

use super::{Call, change, sensitive};

#[rustfmt::skip] // tables read better packed
pub(super) const LOAD_BALANCING: &[Call] = &[
    change("CreateLoadBalancer", "load_balancer.created", "load_balancer:>loadBalancers.*.loadBalancerArn|name|loadBalancerName"),
    change("ModifyLoadBalancerAttributes", "load_balancer.updated", "load_balancer:loadBalancerArn|loadBalancerName"),
    change("SetSecurityGroups", "load_balancer.updated", "load_balancer:loadBalancerArn; security_group:securityGroups.*"),
    change("CreateListener", "load_balancer.updated", "load_balancer:loadBalancerArn"),
    change("ModifyListener", "load_balancer.updated", "listener:listenerArn"),
    change("DeleteListener", "load_balancer.updated", "listener:listenerArn"),
    change("CreateRule", "load_balancer.updated", "listener:listenerArn"),
    change("RegisterTargets", "load_balancer.updated", "target_group:targetGroupArn; server:targets.*.id"),
    change("DeregisterTargets", "load_balancer.updated", "target_group:targetGroupArn; server:targets.*.id"),
    change("RegisterInstancesWithLoadBalancer", "load_balancer.updated", "load_balancer:loadBalancerName; server:instances.*.instanceId"),
    change("DeregisterInstancesFromLoadBalancer", "load_balancer.updated", "load_balancer:loadBalancerName; server:instances.*.instanceId"),
    change("DeleteLoadBalancer", "load_balancer.deleted", "load_balancer:loadBalancerArn|loadBalancerName"),
];

#[rustfmt::skip]
pub(super) const ROUTE53: &[Call] = &[
    change("CreateHostedZone", "dns_zone.created", "dns_zone:>hostedZone.id|name"),
    change("DeleteHostedZone", "dns_zone.deleted", "dns_zone:id"),
    change("ChangeResourceRecordSets", "dns_record.updated", "dns_zone:hostedZoneId; dns_record:changeBatch.changes.*.resourceRecordSet.name"),
    change("AssociateVPCWithHostedZone", "dns_record.updated", "dns_zone:hostedZoneId; vpc:vPC.vPCId"),
    change("DeleteQueryLoggingConfig", "audit_trail.deleted", "query_log:id"),
    change("CreateQueryLoggingConfig", "audit_trail.created", "query_log:>queryLoggingConfig.id"),
    change("RegisterDomain", "domain.added", "domain:domainName"),
    change("TransferDomain", "domain.added", "domain:domainName"),
    change("TransferDomainToAnotherAwsAccount", "domain.removed", "domain:domainName"),
    change("DeleteDomain", "domain.removed", "domain:domainName"),
    change("UpdateDomainNameservers", "domain.updated", "domain:domainName"),
    change("UpdateDomainContact", "domain.updated", "domain:domainName"),
    change("DisableDomainTransferLock", "domain.updated", "domain:domainName"),
    sensitive("RetrieveDomainAuthCode", "secret.read", "domain:domainName"),
];

#[rustfmt::skip]
pub(super) const CERTIFICATES: &[Call] = &[
    change("RequestCertificate", "certificate.requested", "certificate:>certificateArn|domainName"),
    change("ImportCertificate", "certificate.issued", "certificate:>certificateArn|certificateArn"),
    change("IssueCertificate", "certificate.issued", "certificate:>certificateArn; certificate_authority:certificateAuthorityArn"),
    change("RenewCertificate", "certificate.issued", "certificate:certificateArn"),
    change("DeleteCertificate", "certificate.deleted", "certificate:certificateArn"),
    change("RevokeCertificate", "certificate.deleted", "certificate:certificateSerial; certificate_authority:certificateAuthorityArn"),
    sensitive("ExportCertificate", "certificate.exported", "certificate:certificateArn"),
];

#[rustfmt::skip]
pub(super) const CLOUDFRONT: &[Call] = &[
    change("CreateDistribution", "cdn.created", "cdn:>distribution.id"),
    change("UpdateDistribution", "cdn.updated", "cdn:id"),
    change("DeleteDistribution", "cdn.deleted", "cdn:id"),
    change("CreateInvalidation", "cache.purged", "cdn:distributionId"),
];

#[rustfmt::skip]
pub(super) const FIREWALLS: &[Call] = &[
    change("CreateWebACL", "firewall_rule.created", "web_acl:>summary.aRN|name"),
    change("UpdateWebACL", "firewall_rule.updated", "web_acl:id|name|webACLId"),
    change("DeleteWebACL", "firewall_rule.deleted", "web_acl:id|name|webACLId"),
    change("AssociateWebACL", "firewall_rule.updated", "web_acl:webACLArn; resource:resourceArn"),
    change("DisassociateWebACL", "firewall_rule.deleted", "resource:resourceArn"),
    change("CreateIPSet", "firewall_rule.created", "ip_set:>summary.aRN|name"),
    change("UpdateIPSet", "firewall_rule.updated", "ip_set:id|name"),
    change("DeleteIPSet", "firewall_rule.deleted", "ip_set:id|name"),
    change("CreateRuleGroup", "firewall_rule.created", "rule_group:>summary.aRN|ruleGroupName|name"),
    change("UpdateRuleGroup", "firewall_rule.updated", "rule_group:id|ruleGroupArn|ruleGroupName|name"),
    change("DeleteRuleGroup", "firewall_rule.deleted", "rule_group:id|ruleGroupArn|ruleGroupName|name"),
    change("CreateFirewall", "network.created", "firewall:firewallName"),
    change("DeleteFirewall", "network.deleted", "firewall:firewallArn|firewallName"),
    change("UpdateFirewallPolicy", "firewall_rule.updated", "firewall_policy:firewallPolicyArn|firewallPolicyName"),
    change("DeleteLoggingConfiguration", "audit_trail.deleted", "web_acl:resourceArn"),
    change("PutLoggingConfiguration", "audit_trail.updated", "web_acl:loggingConfiguration.resourceArn"),
];
