// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/alter_partition_reassignments.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::AlterPartitionReassignmentsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::AlterPartitionReassignmentsResponse>;
