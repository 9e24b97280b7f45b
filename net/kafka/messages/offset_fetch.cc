// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/offset_fetch.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::OffsetFetchRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::OffsetFetchResponse>;
