// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/error.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace mq::kafka {

namespace {

struct Row {
  Error error;
  std::string_view name;
  bool retriable;
  std::string_view text;
};

// In the order of the numbers, without a gap: a row is found by its number.
constexpr Row rows[] = {
    {Error::unknown_server_error, "UNKNOWN_SERVER_ERROR", false,
     "something the broker did not expect; its log says more"},
    {Error::none, "NONE", false, "no error"},
    {Error::offset_out_of_range, "OFFSET_OUT_OF_RANGE", false, "the offset is outside the log"},
    {Error::corrupt_message, "CORRUPT_MESSAGE", true,
     "the batch is damaged: its length or checksum is wrong"},
    {Error::unknown_topic_or_partition, "UNKNOWN_TOPIC_OR_PARTITION", true,
     "the topic or partition is not known here"},
    {Error::invalid_fetch_size, "INVALID_FETCH_SIZE", false, "the number of bytes to fetch makes no sense"},
    {Error::leader_not_available, "LEADER_NOT_AVAILABLE", true, "the partition has no leader at the moment"},
    {Error::not_leader_or_follower, "NOT_LEADER_OR_FOLLOWER", true,
     "this broker does not lead the partition"},
    {Error::request_timed_out, "REQUEST_TIMED_OUT", true, "the request was not finished in time"},
    {Error::broker_not_available, "BROKER_NOT_AVAILABLE", false, "the broker is not available"},
    {Error::replica_not_available, "REPLICA_NOT_AVAILABLE", true, "the replica is not available"},
    {Error::message_too_large, "MESSAGE_TOO_LARGE", false, "the batch is larger than the topic allows"},
    {Error::stale_controller_epoch, "STALE_CONTROLLER_EPOCH", false, "the controller's epoch is out of date"},
    {Error::offset_metadata_too_large, "OFFSET_METADATA_TOO_LARGE", false,
     "the text stored beside an offset is too long"},
    {Error::network_exception, "NETWORK_EXCEPTION", true, "the connection broke before an answer arrived"},
    {Error::coordinator_load_in_progress, "COORDINATOR_LOAD_IN_PROGRESS", true,
     "the coordinator is still loading its state"},
    {Error::coordinator_not_available, "COORDINATOR_NOT_AVAILABLE", true, "the coordinator is not available"},
    {Error::not_coordinator, "NOT_COORDINATOR", true, "this broker is not the coordinator"},
    {Error::invalid_topic_exception, "INVALID_TOPIC_EXCEPTION", false, "the topic's name is not allowed"},
    {Error::record_list_too_large, "RECORD_LIST_TOO_LARGE", false,
     "the batch is larger than a segment of the log"},
    {Error::not_enough_replicas, "NOT_ENOUGH_REPLICAS", true,
     "fewer replicas are in sync than the topic demands"},
    {Error::not_enough_replicas_after_append, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", true,
     "written, but by fewer replicas than the topic demands"},
    {Error::invalid_required_acks, "INVALID_REQUIRED_ACKS", false, "acks must be -1, 0 or 1"},
    {Error::illegal_generation, "ILLEGAL_GENERATION", false, "the group is in another generation"},
    {Error::inconsistent_group_protocol, "INCONSISTENT_GROUP_PROTOCOL", false,
     "the member's protocols do not fit those of the group"},
    {Error::invalid_group_id, "INVALID_GROUP_ID", false, "the group's name is not allowed"},
    {Error::unknown_member_id, "UNKNOWN_MEMBER_ID", false, "the group does not know this member"},
    {Error::invalid_session_timeout, "INVALID_SESSION_TIMEOUT", false,
     "the session timeout is outside the broker's limits"},
    {Error::rebalance_in_progress, "REBALANCE_IN_PROGRESS", false, "the group is rebalancing: join again"},
    {Error::invalid_commit_offset_size, "INVALID_COMMIT_OFFSET_SIZE", false,
     "the offsets to commit are too large"},
    {Error::topic_authorization_failed, "TOPIC_AUTHORIZATION_FAILED", false, "not authorized for the topic"},
    {Error::group_authorization_failed, "GROUP_AUTHORIZATION_FAILED", false, "not authorized for the group"},
    {Error::cluster_authorization_failed, "CLUSTER_AUTHORIZATION_FAILED", false,
     "not authorized for the cluster"},
    {Error::invalid_timestamp, "INVALID_TIMESTAMP", false, "the timestamp is outside what the topic accepts"},
    {Error::unsupported_sasl_mechanism, "UNSUPPORTED_SASL_MECHANISM", false,
     "the SASL mechanism is not offered"},
    {Error::illegal_sasl_state, "ILLEGAL_SASL_STATE", false,
     "this request does not fit the state of the SASL exchange"},
    {Error::unsupported_version, "UNSUPPORTED_VERSION", false, "the version of the request is not served"},
    {Error::topic_already_exists, "TOPIC_ALREADY_EXISTS", false, "the topic exists already"},
    {Error::invalid_partitions, "INVALID_PARTITIONS", false, "the number of partitions is not possible"},
    {Error::invalid_replication_factor, "INVALID_REPLICATION_FACTOR", false,
     "the replication factor is not possible"},
    {Error::invalid_replica_assignment, "INVALID_REPLICA_ASSIGNMENT", false,
     "the assignment of replicas is not possible"},
    {Error::invalid_config, "INVALID_CONFIG", false, "the setting or its value is not valid"},
    {Error::not_controller, "NOT_CONTROLLER", true, "this broker is not the controller"},
    {Error::invalid_request, "INVALID_REQUEST", false, "the request contradicts itself"},
    {Error::unsupported_for_message_format, "UNSUPPORTED_FOR_MESSAGE_FORMAT", false,
     "the format of messages does not allow this"},
    {Error::policy_violation, "POLICY_VIOLATION", false, "a policy of the cluster forbids this"},
    {Error::out_of_order_sequence_number, "OUT_OF_ORDER_SEQUENCE_NUMBER", false,
     "the sequence number leaves a gap"},
    {Error::duplicate_sequence_number, "DUPLICATE_SEQUENCE_NUMBER", false,
     "the sequence number was seen before"},
    {Error::invalid_producer_epoch, "INVALID_PRODUCER_EPOCH", false,
     "a newer producer has taken over this producer id"},
    {Error::invalid_txn_state, "INVALID_TXN_STATE", false, "the transaction's state does not allow this"},
    {Error::invalid_producer_id_mapping, "INVALID_PRODUCER_ID_MAPPING", false,
     "the producer id does not belong to the transactional id"},
    {Error::invalid_transaction_timeout, "INVALID_TRANSACTION_TIMEOUT", false,
     "the transaction's timeout is above the broker's limit"},
    {Error::concurrent_transactions, "CONCURRENT_TRANSACTIONS", true,
     "the transaction is still being finished: try again"},
    {Error::transaction_coordinator_fenced, "TRANSACTION_COORDINATOR_FENCED", false,
     "a newer coordinator has taken over the transaction"},
    {Error::transactional_id_authorization_failed, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", false,
     "not authorized for the transactional id"},
    {Error::security_disabled, "SECURITY_DISABLED", false, "security is switched off"},
    {Error::operation_not_attempted, "OPERATION_NOT_ATTEMPTED", false,
     "not attempted, because something else failed"},
    {Error::kafka_storage_error, "KAFKA_STORAGE_ERROR", true, "the broker's disk failed"},
    {Error::log_dir_not_found, "LOG_DIR_NOT_FOUND", false, "the log directory is not known"},
    {Error::sasl_authentication_failed, "SASL_AUTHENTICATION_FAILED", false, "authentication failed"},
    {Error::unknown_producer_id, "UNKNOWN_PRODUCER_ID", false, "the producer id is not known any more"},
    {Error::reassignment_in_progress, "REASSIGNMENT_IN_PROGRESS", false, "the partition is being reassigned"},
    {Error::delegation_token_auth_disabled, "DELEGATION_TOKEN_AUTH_DISABLED", false,
     "delegation tokens are switched off"},
    {Error::delegation_token_not_found, "DELEGATION_TOKEN_NOT_FOUND", false,
     "the delegation token is not known"},
    {Error::delegation_token_owner_mismatch, "DELEGATION_TOKEN_OWNER_MISMATCH", false,
     "the delegation token belongs to somebody else"},
    {Error::delegation_token_request_not_allowed, "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED", false,
     "delegation tokens cannot be asked for on this connection"},
    {Error::delegation_token_authorization_failed, "DELEGATION_TOKEN_AUTHORIZATION_FAILED", false,
     "not authorized for the delegation token"},
    {Error::delegation_token_expired, "DELEGATION_TOKEN_EXPIRED", false, "the delegation token has expired"},
    {Error::invalid_principal_type, "INVALID_PRINCIPAL_TYPE", false,
     "the kind of principal is not supported"},
    {Error::non_empty_group, "NON_EMPTY_GROUP", false, "the group is not empty"},
    {Error::group_id_not_found, "GROUP_ID_NOT_FOUND", false, "the group does not exist"},
    {Error::fetch_session_id_not_found, "FETCH_SESSION_ID_NOT_FOUND", true,
     "the fetch session does not exist"},
    {Error::invalid_fetch_session_epoch, "INVALID_FETCH_SESSION_EPOCH", true,
     "the fetch session is at another epoch"},
    {Error::listener_not_found, "LISTENER_NOT_FOUND", true, "the leader has no such listener"},
    {Error::topic_deletion_disabled, "TOPIC_DELETION_DISABLED", false, "topics may not be deleted here"},
    {Error::fenced_leader_epoch, "FENCED_LEADER_EPOCH", true, "the leader epoch is older than the broker's"},
    {Error::unknown_leader_epoch, "UNKNOWN_LEADER_EPOCH", true,
     "the leader epoch is newer than the broker's"},
    {Error::unsupported_compression_type, "UNSUPPORTED_COMPRESSION_TYPE", false,
     "the client's version does not know this compression"},
    {Error::stale_broker_epoch, "STALE_BROKER_EPOCH", false, "the broker's epoch has changed"},
    {Error::offset_not_available, "OFFSET_NOT_AVAILABLE", true,
     "the leader does not know its high watermark yet"},
    {Error::member_id_required, "MEMBER_ID_REQUIRED", false, "join again with the member id given here"},
    {Error::preferred_leader_not_available, "PREFERRED_LEADER_NOT_AVAILABLE", true,
     "the preferred leader is not available"},
    {Error::group_max_size_reached, "GROUP_MAX_SIZE_REACHED", false, "the group is full"},
    {Error::fenced_instance_id, "FENCED_INSTANCE_ID", false,
     "another member has taken over this instance id"},
    {Error::eligible_leaders_not_available, "ELIGIBLE_LEADERS_NOT_AVAILABLE", true,
     "no replica may become the leader"},
    {Error::election_not_needed, "ELECTION_NOT_NEEDED", true, "the partition has the leader it should have"},
    {Error::no_reassignment_in_progress, "NO_REASSIGNMENT_IN_PROGRESS", false,
     "the partition is not being reassigned"},
    {Error::group_subscribed_to_topic, "GROUP_SUBSCRIBED_TO_TOPIC", false,
     "members of the group read the topic"},
    {Error::invalid_record, "INVALID_RECORD", false, "a record breaks the topic's rules"},
    {Error::unstable_offset_commit, "UNSTABLE_OFFSET_COMMIT", true,
     "transactions on these offsets are still open"},
    {Error::throttling_quota_exceeded, "THROTTLING_QUOTA_EXCEEDED", true,
     "the client makes changes faster than its quota allows"},
    {Error::producer_fenced, "PRODUCER_FENCED", false, "a newer producer has fenced this one"},
    {Error::resource_not_found, "RESOURCE_NOT_FOUND", false, "there is no such resource"},
    {Error::duplicate_resource, "DUPLICATE_RESOURCE", false, "the resource is named twice"},
    {Error::unacceptable_credential, "UNACCEPTABLE_CREDENTIAL", false, "the credential is not acceptable"},
    {Error::inconsistent_voter_set, "INCONSISTENT_VOTER_SET", false,
     "the voters are not those of the sender"},
    {Error::invalid_update_version, "INVALID_UPDATE_VERSION", false,
     "the feature's new level is not possible"},
    {Error::feature_update_failed, "FEATURE_UPDATE_FAILED", false, "the features could not be updated"},
    {Error::principal_deserialization_failure, "PRINCIPAL_DESERIALIZATION_FAILURE", false,
     "the forwarded principal is not readable"},
    {Error::snapshot_not_found, "SNAPSHOT_NOT_FOUND", false, "the snapshot does not exist"},
    {Error::position_out_of_range, "POSITION_OUT_OF_RANGE", false, "the position is outside the snapshot"},
    {Error::unknown_topic_id, "UNKNOWN_TOPIC_ID", true, "the topic id is not known here"},
    {Error::duplicate_broker_registration, "DUPLICATE_BROKER_REGISTRATION", false,
     "another broker runs with this id"},
    {Error::broker_id_not_registered, "BROKER_ID_NOT_REGISTERED", false, "the broker is not registered"},
    {Error::inconsistent_topic_id, "INCONSISTENT_TOPIC_ID", true,
     "the topic id and the name belong to different topics"},
    {Error::inconsistent_cluster_id, "INCONSISTENT_CLUSTER_ID", false,
     "the request was meant for another cluster"},
    {Error::transactional_id_not_found, "TRANSACTIONAL_ID_NOT_FOUND", false,
     "the transactional id is not known"},
    {Error::fetch_session_topic_id_error, "FETCH_SESSION_TOPIC_ID_ERROR", true,
     "the fetch session mixes topics with and without ids"},
    {Error::ineligible_replica, "INELIGIBLE_REPLICA", false, "the replica may not join the in-sync replicas"},
    {Error::new_leader_elected, "NEW_LEADER_ELECTED", false, "the change elected another leader"},
    {Error::offset_moved_to_tiered_storage, "OFFSET_MOVED_TO_TIERED_STORAGE", false,
     "the offset lives in tiered storage"},
    {Error::fenced_member_epoch, "FENCED_MEMBER_EPOCH", false, "the member's epoch is not that of the group"},
    {Error::unreleased_instance_id, "UNRELEASED_INSTANCE_ID", false,
     "the instance id is still held by another member"},
    {Error::unsupported_assignor, "UNSUPPORTED_ASSIGNOR", false, "the assignor is not known to the broker"},
    {Error::stale_member_epoch, "STALE_MEMBER_EPOCH", false,
     "the member has not seen the group's newest epoch"},
    {Error::mismatched_endpoint_type, "MISMATCHED_ENDPOINT_TYPE", false,
     "the request came to the wrong kind of endpoint"},
    {Error::unsupported_endpoint_type, "UNSUPPORTED_ENDPOINT_TYPE", false,
     "this kind of endpoint is not supported"},
    {Error::unknown_controller_id, "UNKNOWN_CONTROLLER_ID", false, "the controller is not known"},
    {Error::unknown_subscription_id, "UNKNOWN_SUBSCRIPTION_ID", false,
     "the client's metrics subscription has changed"},
    {Error::telemetry_too_large, "TELEMETRY_TOO_LARGE", false, "the client's metrics are too large"},
    {Error::invalid_registration, "INVALID_REGISTRATION", false, "the registration is not valid"},
    {Error::transaction_abortable, "TRANSACTION_ABORTABLE", false, "the transaction must be aborted"},
    {Error::invalid_record_state, "INVALID_RECORD_STATE", false, "the record is not in the state this needs"},
    {Error::share_session_not_found, "SHARE_SESSION_NOT_FOUND", true, "the share session does not exist"},
    {Error::invalid_share_session_epoch, "INVALID_SHARE_SESSION_EPOCH", true,
     "the share session is at another epoch"},
    {Error::fenced_state_epoch, "FENCED_STATE_EPOCH", false, "the state epoch is out of date"},
    {Error::invalid_voter_key, "INVALID_VOTER_KEY", false, "the voter's key does not fit its endpoint"},
    {Error::duplicate_voter, "DUPLICATE_VOTER", false, "the voter is there already"},
    {Error::voter_not_found, "VOTER_NOT_FOUND", false, "the voter does not exist"},
    {Error::invalid_regular_expression, "INVALID_REGULAR_EXPRESSION", false,
     "the regular expression is not valid"},
    {Error::rebootstrap_required, "REBOOTSTRAP_REQUIRED", false,
     "the client should start over from its bootstrap servers"},
    {Error::streams_invalid_topology, "STREAMS_INVALID_TOPOLOGY", false, "the streams topology is not valid"},
    {Error::streams_invalid_topology_epoch, "STREAMS_INVALID_TOPOLOGY_EPOCH", false,
     "the streams topology is at another epoch"},
    {Error::streams_topology_fenced, "STREAMS_TOPOLOGY_FENCED", false,
     "the streams topology is older than the group's"},
    {Error::share_session_limit_reached, "SHARE_SESSION_LIMIT_REACHED", true,
     "there are too many share sessions"},
    {Error::group_deletion_failed, "GROUP_DELETION_FAILED", false, "the group could not be deleted"},
    {Error::streams_topology_description_update_failed, "STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED", false,
     "the description of the streams topology was not stored"},
    {Error::controller_id_not_registered, "CONTROLLER_ID_NOT_REGISTERED", false,
     "the controller is not registered"},
};

constexpr std::int16_t first = number_of(rows[0].error);

constexpr bool dense() {
  for (std::size_t i = 0; i < std::size(rows); i++)
    if (number_of(rows[i].error) != first + static_cast<int>(i)) return false;
  return true;
}
static_assert(dense());

bool known(int number) {
  return number >= first && number < first + static_cast<int>(std::size(rows));
}

const Row& row_of(int number) {
  return rows[known(number) ? number - first : 0];
}

class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "kafka"; }
  std::string message(int number) const override {
    return std::string(row_of(number).name) + ": " + std::string(row_of(number).text);
  }
};

}  // namespace

Error error_of(std::int16_t number) {
  return row_of(number).error;
}
std::string_view name_of(Error error) {
  return row_of(number_of(error)).name;
}
std::string_view text_of(Error error) {
  return row_of(number_of(error)).text;
}
bool retriable(Error error) {
  return row_of(number_of(error)).retriable;
}

const boost::system::error_category& error_category() {
  static const Category category;
  return category;
}

}  // namespace mq::kafka
