//! What is kept: buckets, databases, tables, backups, queues. Data only.

use super::{Call, change, read, sensitive};

const BUCKET: &str = "storage_bucket:bucketName";
const OBJECT: &str = "storage_object:key; storage_bucket:bucketName";

#[rustfmt::skip] // tables read better packed
pub(super) const S3: &[Call] = &[
    change("CreateBucket", "storage_bucket.created", BUCKET),
    change("DeleteBucket", "storage_bucket.deleted", BUCKET),
    change("PutBucketPolicy", "storage_bucket.policy_changed", BUCKET),
    change("DeleteBucketPolicy", "storage_bucket.policy_changed", BUCKET),
    change("PutBucketAcl", "storage_bucket.policy_changed", BUCKET),
    change("PutBucketOwnershipControls", "storage_bucket.policy_changed", BUCKET),
    change("DeleteBucketOwnershipControls", "storage_bucket.policy_changed", BUCKET),
    change("PutAccessPointPolicy", "storage_bucket.policy_changed", "access_point:name"),
    change("PutBucketPublicAccessBlock", "storage_bucket.public_access_changed", BUCKET),
    change("DeleteBucketPublicAccessBlock", "storage_bucket.public_access_changed", BUCKET),
    change("PutAccountPublicAccessBlock", "storage_bucket.public_access_changed", "cloud_account:#"),
    change("DeleteAccountPublicAccessBlock", "storage_bucket.public_access_changed", "cloud_account:#"),
    change("PutBucketVersioning", "storage_bucket.updated", BUCKET),
    change("PutBucketEncryption", "storage_bucket.updated", BUCKET),
    change("DeleteBucketEncryption", "storage_bucket.updated", BUCKET),
    change("PutBucketLifecycle", "storage_bucket.updated", BUCKET),
    change("PutBucketLifecycleConfiguration", "storage_bucket.updated", BUCKET),
    change("DeleteBucketLifecycle", "storage_bucket.updated", BUCKET),
    change("PutBucketLogging", "storage_bucket.updated", BUCKET),
    change("PutBucketReplication", "storage_bucket.updated", BUCKET),
    change("DeleteBucketReplication", "storage_bucket.updated", BUCKET),
    change("PutBucketWebsite", "storage_bucket.updated", BUCKET),
    change("DeleteBucketWebsite", "storage_bucket.updated", BUCKET),
    change("PutBucketCors", "storage_bucket.updated", BUCKET),
    change("DeleteBucketCors", "storage_bucket.updated", BUCKET),
    change("PutBucketNotification", "storage_bucket.updated", BUCKET),
    change("PutBucketRequestPayment", "storage_bucket.updated", BUCKET),
    change("PutBucketObjectLockConfiguration", "storage_bucket.updated", BUCKET),
    change("PutBucketTagging", "resource.tagged", BUCKET),
    change("DeleteBucketTagging", "resource.untagged", BUCKET),
    change("PutObject", "storage_object.created", OBJECT),
    change("CopyObject", "storage_object.created", OBJECT),
    change("CompleteMultipartUpload", "storage_object.created", OBJECT),
    change("PutObjectAcl", "storage_object.shared", OBJECT),
    change("DeleteObject", "storage_object.deleted", OBJECT),
    change("DeleteObjects", "storage_object.deleted", BUCKET),
    change("LifecycleExpiration:Delete", "storage_object.deleted", OBJECT),
    sensitive("GetObject", "storage_object.read", OBJECT),
    sensitive("GetDataAccess", "access_token.created", "storage_location:target|@"),
    sensitive("SelectObjectContent", "storage_object.read", OBJECT),
    read("HeadObject", "storage_object.read", OBJECT),
    read("ListObjects", "storage_object.listed", BUCKET),
    read("ListObjectsV2", "storage_object.listed", BUCKET),
    read("ListObjectVersions", "storage_object.listed", BUCKET),
];

const INSTANCE: &str = "database:dBInstanceIdentifier";
const CLUSTER: &str = "database:dBClusterIdentifier";

#[rustfmt::skip]
pub(super) const RDS: &[Call] = &[
    change("CreateDBInstance", "database.created", "database:dBInstanceIdentifier; database:dBClusterIdentifier"),
    change("CreateDBInstanceReadReplica", "database.created", "database:dBInstanceIdentifier; database:sourceDBInstanceIdentifier"),
    change("CreateDBCluster", "database.created", CLUSTER),
    change("ModifyDBInstance", "database.updated", INSTANCE).when("masterUserPassword", "database.credentials_rotated"),
    change("ModifyDBCluster", "database.updated", CLUSTER).when("masterUserPassword", "database.credentials_rotated"),
    change("ModifyDBParameterGroup", "database.updated", "db_parameter_group:dBParameterGroupName"),
    change("AddRoleToDBInstance", "permission.granted", "database:dBInstanceIdentifier; role:roleArn"),
    change("AddRoleToDBCluster", "permission.granted", "database:dBClusterIdentifier; role:roleArn"),
    change("StartDBInstance", "database.started", INSTANCE),
    change("StartDBCluster", "database.started", CLUSTER),
    change("StopDBInstance", "database.stopped", INSTANCE),
    change("StopDBCluster", "database.stopped", CLUSTER),
    change("RebootDBInstance", "database.restarted", INSTANCE),
    change("RebootDBCluster", "database.restarted", CLUSTER),
    change("FailoverDBCluster", "database.failed_over", CLUSTER),
    change("DeleteDBInstance", "database.deleted", INSTANCE),
    change("DeleteDBCluster", "database.deleted", CLUSTER),
    change("CreateDBSnapshot", "database.backup_created", "snapshot:dBSnapshotIdentifier; database:dBInstanceIdentifier"),
    change("CreateDBClusterSnapshot", "database.backup_created", "snapshot:dBClusterSnapshotIdentifier; database:dBClusterIdentifier"),
    change("CopyDBSnapshot", "database.backup_created", "snapshot:targetDBSnapshotIdentifier; snapshot:sourceDBSnapshotIdentifier"),
    change("CopyDBClusterSnapshot", "database.backup_created", "snapshot:targetDBClusterSnapshotIdentifier; snapshot:sourceDBClusterSnapshotIdentifier"),
    change("ModifyDBSnapshotAttribute", "database.backup_access_changed", "snapshot:dBSnapshotIdentifier").when("valuesToAdd", "database.backup_shared"),
    change("ModifyDBClusterSnapshotAttribute", "database.backup_access_changed", "snapshot:dBClusterSnapshotIdentifier").when("valuesToAdd", "database.backup_shared"),
    change("DeleteDBSnapshot", "database.backup_deleted", "snapshot:dBSnapshotIdentifier"),
    change("DeleteDBClusterSnapshot", "database.backup_deleted", "snapshot:dBClusterSnapshotIdentifier"),
    change("DeleteDBInstanceAutomatedBackup", "database.backup_deleted", "database:dbiResourceId"),
    change("RestoreDBInstanceFromDBSnapshot", "database.restored", "database:dBInstanceIdentifier; snapshot:dBSnapshotIdentifier"),
    change("RestoreDBInstanceFromS3", "database.restored", "database:dBInstanceIdentifier; storage_bucket:s3BucketName"),
    change("RestoreDBInstanceToPointInTime", "database.restored", "database:targetDBInstanceIdentifier; database:sourceDBInstanceIdentifier"),
    change("RestoreDBClusterFromSnapshot", "database.restored", "database:dBClusterIdentifier; snapshot:snapshotIdentifier"),
    change("RestoreDBClusterToPointInTime", "database.restored", "database:dBClusterIdentifier; database:sourceDBClusterIdentifier"),
    change("StartExportTask", "data.exported", "export_task:exportTaskIdentifier; database:sourceArn; storage_bucket:s3BucketName"),
    change("StartActivityStream", "audit_trail.started", "database:resourceArn"),
    change("StopActivityStream", "audit_trail.stopped", "database:resourceArn"),
    change("AuthorizeDBSecurityGroupIngress", "firewall_rule.created", "db_security_group:dBSecurityGroupName"),
    sensitive("DownloadDBLogFilePortion", "audit_log.viewed", INSTANCE),
    sensitive("DownloadCompleteDBLogFile", "audit_log.viewed", INSTANCE),
];

const TABLE: &str = "database_table:tableName|@";

#[rustfmt::skip]
pub(super) const DYNAMODB: &[Call] = &[
    change("CreateTable", "database_table.created", TABLE),
    change("UpdateTable", "database_table.updated", TABLE),
    change("UpdateTimeToLive", "database_table.updated", TABLE),
    change("UpdateContinuousBackups", "database_table.updated", TABLE),
    change("DeleteTable", "database_table.deleted", TABLE),
    change("PutResourcePolicy", "permission.updated", "database_table:resourceArn"),
    change("DeleteResourcePolicy", "permission.updated", "database_table:resourceArn"),
    change("CreateBackup", "database.backup_created", "snapshot:>backupDetails.backupArn|backupName; database_table:tableName"),
    change("DeleteBackup", "database.backup_deleted", "snapshot:backupArn"),
    change("RestoreTableFromBackup", "database.restored", "database_table:targetTableName; snapshot:backupArn"),
    change("RestoreTableToPointInTime", "database.restored", "database_table:targetTableName; database_table:sourceTableName"),
    change("ExportTableToPointInTime", "data.exported", "database_table:tableArn; storage_bucket:s3Bucket"),
    change("ImportTable", "data.imported", "database_table:tableCreationParameters.tableName; storage_bucket:s3BucketSource.s3Bucket"),
    change("PutItem", "record.created", TABLE),
    change("UpdateItem", "record.updated", TABLE),
    change("BatchWriteItem", "record.updated", "database_table:@"),
    change("DeleteItem", "record.deleted", TABLE),
    sensitive("GetItem", "record.viewed", TABLE),
    sensitive("BatchGetItem", "record.viewed", "database_table:@"),
    sensitive("Query", "database.queried", TABLE),
    sensitive("Scan", "database.queried", TABLE),
    sensitive("ExecuteStatement", "database.queried", TABLE),
];

#[rustfmt::skip]
pub(super) const REDSHIFT: &[Call] = &[
    change("CreateCluster", "database.created", "database:clusterIdentifier"),
    change("ModifyCluster", "database.updated", "database:clusterIdentifier").when("masterUserPassword", "database.credentials_rotated"),
    change("DeleteCluster", "database.deleted", "database:clusterIdentifier"),
    change("CreateClusterSnapshot", "database.backup_created", "snapshot:snapshotIdentifier; database:clusterIdentifier"),
    change("AuthorizeSnapshotAccess", "database.backup_shared", "snapshot:snapshotIdentifier|snapshotArn"),
    change("RevokeSnapshotAccess", "database.backup_access_changed", "snapshot:snapshotIdentifier|snapshotArn"),
    change("DeleteClusterSnapshot", "database.backup_deleted", "snapshot:snapshotIdentifier"),
    change("RestoreFromClusterSnapshot", "database.restored", "database:clusterIdentifier; snapshot:snapshotIdentifier"),
    change("DisableLogging", "audit_trail.stopped", "database:clusterIdentifier"),
    change("EnableLogging", "audit_trail.started", "database:clusterIdentifier"),
    sensitive("GetClusterCredentials", "database.credentials_read", "database:clusterIdentifier"),
    sensitive("GetClusterCredentialsWithIAM", "database.credentials_read", "database:clusterIdentifier"),
    change("ExecuteStatement", "database.queried", "database:clusterIdentifier|workgroupName"),
    change("BatchExecuteStatement", "database.queried", "database:clusterIdentifier|workgroupName"),
];

#[rustfmt::skip]
pub(super) const BACKUP: &[Call] = &[
    change("CreateBackupPlan", "backup_policy.created", "backup_policy:>backupPlanId"),
    change("UpdateBackupPlan", "backup_policy.updated", "backup_policy:backupPlanId"),
    change("DeleteBackupPlan", "backup_policy.deleted", "backup_policy:backupPlanId"),
    change("CreateBackupSelection", "backup_policy.updated", "backup_policy:backupPlanId"),
    change("DeleteBackupSelection", "backup_policy.updated", "backup_policy:backupPlanId"),
    change("DeleteRecoveryPoint", "database.backup_deleted", "snapshot:recoveryPointArn; backup_vault:backupVaultName"),
    change("StartBackupJob", "database.backup_created", "snapshot:>recoveryPointArn; resource:resourceArn"),
    change("StartRestoreJob", "database.restored", "snapshot:recoveryPointArn"),
    change("PutBackupVaultAccessPolicy", "permission.updated", "backup_vault:backupVaultName"),
];

#[rustfmt::skip]
pub(super) const ATHENA: &[Call] = &[
    change("StartQueryExecution", "database.queried", "database:queryExecutionContext.database|workGroup"),
    sensitive("GetQueryResults", "database.queried", "query:queryExecutionId"),
];

#[rustfmt::skip]
pub(super) const MESSAGES: &[Call] = &[
    change("CreateQueue", "queue.created", "queue:>queueUrl|queueName"),
    change("SetQueueAttributes", "queue.updated", "queue:queueUrl"),
    change("AddPermission", "permission.granted", "queue:queueUrl|topicArn"),
    change("RemovePermission", "permission.revoked", "queue:queueUrl|topicArn"),
    change("PurgeQueue", "queue.purged", "queue:queueUrl"),
    change("DeleteQueue", "queue.deleted", "queue:queueUrl"),
    change("CreateTopic", "queue.created", "topic:>topicArn|name"),
    change("SetTopicAttributes", "queue.updated", "topic:topicArn"),
    change("DeleteTopic", "queue.deleted", "topic:topicArn"),
    change("Subscribe", "notification_channel.created", "topic:topicArn"),
    change("Unsubscribe", "notification_channel.deleted", "subscription:subscriptionArn"),
];
