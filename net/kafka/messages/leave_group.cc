// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/leave_group.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::LeaveGroupRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::LeaveGroupResponse>;
