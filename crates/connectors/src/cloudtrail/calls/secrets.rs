//! Secrets, parameters, keys to encrypt with, and commands through Systems Manager. Data only.

use super::{Call, change, read, sensitive};

const SECRET: &str = "secret:secretId";

#[rustfmt::skip] // tables read better packed
pub(super) const SECRETS_MANAGER: &[Call] = &[
    change("CreateSecret", "secret.created", "secret:>arn|>aRN|name"),
    change("PutSecretValue", "secret.updated", SECRET),
    change("UpdateSecret", "secret.updated", SECRET),
    change("UpdateSecretVersionStage", "secret.updated", SECRET),
    change("RotateSecret", "secret.rotated", SECRET),
    change("RotationSucceeded", "secret.rotated", "secret:+SecretId"),
    change("RotationStarted", "", "secret:+SecretId"),
    change("RotationFailed", "", "secret:+SecretId"),
    change("DeleteSecret", "secret.deleted", SECRET),
    change("StartSecretVersionDelete", "", "secret:+ARN|+aRN"),
    change("EndSecretVersionDelete", "data.purged", "secret:+ARN|+aRN"),
    change("CancelSecretVersionDelete", "", "secret:+ARN|+aRN"),
    change("RestoreSecret", "secret.restored", SECRET),
    change("PutResourcePolicy", "secret.policy_changed", SECRET),
    change("DeleteResourcePolicy", "secret.policy_changed", SECRET),
    change("ReplicateSecretToRegions", "secret.updated", SECRET),
    sensitive("GetSecretValue", "secret.read", SECRET),
    sensitive("BatchGetSecretValue", "secret.read", "secret:secretIdList.*"),
    read("ListSecrets", "secret.listed", "secret:"),
    read("DescribeSecret", "resource.read", SECRET),
    read("GetResourcePolicy", "resource.read", SECRET),
];

const PARAMETER: &str = "parameter:name";

#[rustfmt::skip]
pub(super) const SSM: &[Call] = &[
    change("PutParameter", "setting.updated", PARAMETER).when("type=SecureString", "secret.updated"),
    change("DeleteParameter", "setting.deleted", PARAMETER),
    change("DeleteParameters", "setting.deleted", "parameter:names.*"),
    read("GetParameter", "resource.read", PARAMETER).sensitive_when("withDecryption=true", "secret.read"),
    read("GetParameters", "resource.read", "parameter:names.*").sensitive_when("withDecryption=true", "secret.read"),
    read("GetParametersByPath", "resource.read", "parameter:path").sensitive_when("withDecryption=true", "secret.read"),
    read("GetParameterHistory", "resource.read", PARAMETER).sensitive_when("withDecryption=true", "secret.read"),
    change("SendCommand", "server.command_executed", "server:instanceIds.*; document:documentName"),
    change("StartSession", "server.session_opened", "server:target; document:documentName"),
    change("ResumeSession", "server.session_opened", "session:sessionId"),
    change("TerminateSession", "server.session_closed", "session:sessionId"),
    change("StartAutomationExecution", "job.started", "document:documentName; job:>automationExecutionId"),
    change("StopAutomationExecution", "job.cancelled", "job:automationExecutionId"),
    change("CreateAssociation", "cron_job.created", "document:name; server:instanceId"),
    change("UpdateAssociation", "cron_job.updated", "cron_job:associationId; document:name"),
    change("DeleteAssociation", "cron_job.deleted", "cron_job:associationId; document:name"),
    change("ModifyDocumentPermission", "permission.updated", "document:name").when("accountIdsToAdd", "resource.shared"),
    // What the agent on a server says of itself.
    change("UpdateInstanceInformation", "", "server:instanceId"),
    change("UpdateInstanceAssociationStatus", "", "server:instanceId"),
    change("PutInventory", "", "server:instanceId"),
    change("PutComplianceItems", "", "server:resourceId"),
];

const KEY: &str = "encryption_key:keyId|@";

#[rustfmt::skip]
pub(super) const KMS: &[Call] = &[
    change("CreateKey", "encryption_key.created", "encryption_key:>keyMetadata.arn|>keyMetadata.keyId"),
    change("ReplicateKey", "encryption_key.created", KEY),
    change("EnableKey", "encryption_key.enabled", KEY),
    change("DisableKey", "encryption_key.disabled", KEY),
    change("DeleteImportedKeyMaterial", "encryption_key.disabled", KEY),
    change("ImportKeyMaterial", "encryption_key.updated", KEY),
    change("ScheduleKeyDeletion", "encryption_key.deletion_scheduled", KEY),
    change("CancelKeyDeletion", "encryption_key.deletion_cancelled", KEY),
    change("DeleteKey", "data.purged", "encryption_key:@|!keyId"),
    change("PutKeyPolicy", "encryption_key.policy_changed", KEY),
    change("CreateGrant", "encryption_key.access_granted", "encryption_key:keyId|@; principal:granteePrincipal"),
    change("RevokeGrant", "encryption_key.access_revoked", KEY),
    change("RetireGrant", "encryption_key.access_revoked", KEY),
    change("EnableKeyRotation", "encryption_key.updated", KEY),
    change("DisableKeyRotation", "encryption_key.updated", KEY),
    change("RotateKeyOnDemand", "encryption_key.rotated", KEY),
    change("RotateKey", "encryption_key.rotated", "encryption_key:@|!keyId"),
    change("UpdateKeyDescription", "encryption_key.updated", KEY),
    change("UpdatePrimaryRegion", "encryption_key.updated", KEY),
    change("CreateAlias", "encryption_key.updated", "encryption_key:targetKeyId|@"),
    change("UpdateAlias", "encryption_key.updated", "encryption_key:targetKeyId|@"),
    change("DeleteAlias", "encryption_key.updated", "encryption_key:@|aliasName"),
    // Using a key changes nothing: for noise rules these are reads.
    read("Encrypt", "encryption_key.used", KEY),
    read("Decrypt", "encryption_key.used", KEY),
    read("ReEncrypt", "encryption_key.used", "encryption_key:@|destinationKeyId"),
    read("GenerateDataKey", "encryption_key.used", KEY),
    read("GenerateDataKeyWithoutPlaintext", "encryption_key.used", KEY),
    read("GenerateDataKeyPair", "encryption_key.used", KEY),
    read("GenerateDataKeyPairWithoutPlaintext", "encryption_key.used", KEY),
    read("GenerateMac", "encryption_key.used", KEY),
    read("VerifyMac", "encryption_key.used", KEY),
    read("Sign", "encryption_key.used", KEY),
    read("Verify", "encryption_key.used", KEY),
];
