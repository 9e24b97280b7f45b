// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/create_partitions.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::CreatePartitionsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::CreatePartitionsResponse>;
