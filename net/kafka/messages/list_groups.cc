// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/list_groups.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::ListGroupsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::ListGroupsResponse>;
