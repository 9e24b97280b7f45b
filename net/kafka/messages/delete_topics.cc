// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/delete_topics.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::DeleteTopicsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::DeleteTopicsResponse>;
