// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/sync_group.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::SyncGroupRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::SyncGroupResponse>;
