// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/create_topics.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::CreateTopicsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::CreateTopicsResponse>;
