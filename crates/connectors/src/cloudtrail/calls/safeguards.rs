//! What watches: trails, recorders, detectors, logs, alarms. Switching one off is what an attacker does first. Data only.

use super::{Call, change, read, sensitive};

const TRAIL: &str = "audit_trail:name";
const STORE: &str = "event_data_store:eventDataStore";

#[rustfmt::skip] // tables read better packed
pub(super) const CLOUDTRAIL: &[Call] = &[
    change("CreateTrail", "audit_trail.created", "audit_trail:name; storage_bucket:s3BucketName"),
    change("UpdateTrail", "audit_trail.updated", TRAIL),
    change("StartLogging", "audit_trail.started", TRAIL),
    change("StopLogging", "audit_trail.stopped", TRAIL),
    change("DeleteTrail", "audit_trail.deleted", TRAIL),
    change("PutEventSelectors", "audit_trail.updated", "audit_trail:trailName"),
    change("PutInsightSelectors", "audit_trail.updated", "audit_trail:trailName"),
    change("CreateEventDataStore", "audit_trail.created", "event_data_store:>eventDataStoreArn|name"),
    change("UpdateEventDataStore", "audit_trail.updated", STORE),
    change("DeleteEventDataStore", "audit_trail.deleted", STORE),
    change("RestoreEventDataStore", "audit_trail.created", STORE),
    change("StartEventDataStoreIngestion", "audit_trail.started", STORE),
    change("StopEventDataStoreIngestion", "audit_trail.stopped", STORE),
    sensitive("LookupEvents", "audit_log.viewed", "cloud_account:#"),
    sensitive("StartQuery", "audit_log.viewed", "cloud_account:#"),
    sensitive("GetQueryResults", "audit_log.viewed", "query:queryId"),
    read("DescribeTrails", "resource.listed", "audit_trail:trailNameList.*"),
    read("GetTrailStatus", "resource.read", TRAIL),
    read("GetEventSelectors", "resource.read", "audit_trail:trailName"),
];

const RECORDER: &str = "config_recorder:configurationRecorderName";

#[rustfmt::skip]
pub(super) const CONFIG: &[Call] = &[
    change("PutConfigurationRecorder", "audit_trail.updated", "config_recorder:configurationRecorder.name"),
    change("StartConfigurationRecorder", "audit_trail.started", RECORDER),
    change("StopConfigurationRecorder", "audit_trail.stopped", RECORDER),
    change("DeleteConfigurationRecorder", "audit_trail.deleted", RECORDER),
    change("PutDeliveryChannel", "audit_trail.updated", "delivery_channel:deliveryChannel.name"),
    change("DeleteDeliveryChannel", "audit_trail.deleted", "delivery_channel:deliveryChannelName"),
    change("PutConfigRule", "threat_detection.updated", "config_rule:configRule.configRuleName"),
    change("DeleteConfigRule", "threat_detection.updated", "config_rule:configRuleName"),
];

const DETECTOR: &str = "detector:detectorId";

#[rustfmt::skip]
pub(super) const GUARDDUTY: &[Call] = &[
    change("CreateDetector", "threat_detection.enabled", "detector:>detectorId"),
    change("UpdateDetector", "threat_detection.updated", DETECTOR).when("enable=false", "threat_detection.disabled"),
    change("DeleteDetector", "threat_detection.disabled", DETECTOR),
    change("StopMonitoringMembers", "threat_detection.disabled", DETECTOR),
    change("StartMonitoringMembers", "threat_detection.enabled", DETECTOR),
    change("DeleteMembers", "threat_detection.updated", DETECTOR),
    change("DisassociateMembers", "threat_detection.updated", DETECTOR),
    change("DisassociateFromAdministratorAccount", "threat_detection.updated", DETECTOR),
    change("DisassociateFromMasterAccount", "threat_detection.updated", DETECTOR),
    change("DeletePublishingDestination", "threat_detection.updated", DETECTOR),
    change("CreateFilter", "threat_detection.updated", DETECTOR),
    change("UpdateFilter", "threat_detection.updated", DETECTOR),
    change("DeleteFilter", "threat_detection.updated", DETECTOR),
    change("CreateIPSet", "threat_detection.updated", DETECTOR),
    change("UpdateIPSet", "threat_detection.updated", DETECTOR),
    change("DeleteIPSet", "threat_detection.updated", DETECTOR),
    change("CreateThreatIntelSet", "threat_detection.updated", DETECTOR),
    change("DeleteThreatIntelSet", "threat_detection.updated", DETECTOR),
    change("ArchiveFindings", "security_alert.dismissed", "security_alert:findingIds.*"),
    change("UnarchiveFindings", "security_alert.reopened", "security_alert:findingIds.*"),
];

#[rustfmt::skip]
pub(super) const DETECTORS: &[Call] = &[
    change("EnableSecurityHub", "threat_detection.enabled", "cloud_account:#"),
    change("DisableSecurityHub", "threat_detection.disabled", "cloud_account:#"),
    change("BatchDisableStandards", "threat_detection.updated", "standard:standardsSubscriptionArns.*|StandardsSubscriptionArns.*"),
    change("UpdateStandardsControl", "threat_detection.updated", "standard:standardsControlArn|StandardsControlArn"),
    change("DisassociateFromAdministratorAccount", "threat_detection.updated", "cloud_account:#"),
    change("DeleteActionTarget", "threat_detection.updated", "action_target:actionTargetArn|ActionTargetArn"),
    change("BatchUpdateFindings", "security_alert.updated", "security_alert:findingIdentifiers.*.id|FindingIdentifiers.*.Id"),
    change("Enable", "threat_detection.enabled", "cloud_account:accountIds.*|#"),
    change("Disable", "threat_detection.disabled", "cloud_account:accountIds.*|#"),
    change("EnableMacie", "threat_detection.enabled", "cloud_account:#"),
    change("DisableMacie", "threat_detection.disabled", "cloud_account:#"),
    change("UpdateMacieSession", "threat_detection.updated", "cloud_account:#").when("status=PAUSED", "threat_detection.disabled"),
    change("CreateAnalyzer", "threat_detection.enabled", "analyzer:>arn|analyzerName"),
    change("DeleteAnalyzer", "threat_detection.disabled", "analyzer:analyzerName"),
    change("CreateArchiveRule", "threat_detection.updated", "analyzer:analyzerName"),
    change("CreateGraph", "threat_detection.enabled", "graph:>graphArn"),
    change("DeleteGraph", "threat_detection.disabled", "graph:graphArn|GraphArn"),
];

const GROUP: &str = "log_group:logGroupName|logGroupIdentifier";

#[rustfmt::skip]
pub(super) const LOGS: &[Call] = &[
    change("CreateLogGroup", "log_group.created", GROUP),
    change("PutRetentionPolicy", "log_group.updated", GROUP),
    change("DeleteRetentionPolicy", "log_group.updated", GROUP),
    change("PutSubscriptionFilter", "log_group.updated", GROUP),
    change("DeleteSubscriptionFilter", "log_group.updated", GROUP),
    change("PutMetricFilter", "log_group.updated", GROUP),
    change("DeleteMetricFilter", "log_group.updated", GROUP),
    change("PutDataProtectionPolicy", "log_group.updated", GROUP),
    change("DeleteDataProtectionPolicy", "log_group.updated", GROUP),
    change("AssociateKmsKey", "log_group.updated", "log_group:logGroupName; encryption_key:kmsKeyId"),
    change("DisassociateKmsKey", "log_group.updated", GROUP),
    change("DeleteLogGroup", "log_group.deleted", GROUP),
    change("DeleteLogStream", "audit_log.deleted", "log_group:logGroupName; log_stream:logStreamName"),
    change("CreateLogStream", "", "log_group:logGroupName; log_stream:logStreamName"),
    change("CreateExportTask", "audit_log.exported", "log_group:logGroupName; storage_bucket:destination"),
    sensitive("StartQuery", "audit_log.viewed", "log_group:logGroupName|logGroupNames.*|logGroupIdentifiers.*"),
    sensitive("FilterLogEvents", "audit_log.viewed", GROUP),
    sensitive("GetLogEvents", "audit_log.viewed", GROUP),
    sensitive("Unmask", "audit_log.viewed", GROUP),
];

#[rustfmt::skip]
pub(super) const ALARMS: &[Call] = &[
    change("PutMetricAlarm", "alarm.updated", "alarm:alarmName"),
    change("PutCompositeAlarm", "alarm.updated", "alarm:alarmName"),
    change("SetAlarmState", "alarm.updated", "alarm:alarmName"),
    change("DisableAlarmActions", "alarm.disabled", "alarm:alarmNames.*"),
    change("EnableAlarmActions", "alarm.updated", "alarm:alarmNames.*"),
    change("DeleteAlarms", "alarm.deleted", "alarm:alarmNames.*"),
];
