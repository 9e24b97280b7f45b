// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/delete_groups.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::DeleteGroupsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::DeleteGroupsResponse>;
