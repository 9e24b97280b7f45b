// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/metadata.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::MetadataRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::MetadataResponse>;
