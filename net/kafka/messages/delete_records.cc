// SPDX-License-Identifier: Apache-2.0
#include "net/kafka/messages/delete_records.h"

#include "net/kafka/codec_definitions.h"

template struct mq::kafka::MessageCodec<mq::kafka::DeleteRecordsRequest>;
template struct mq::kafka::MessageCodec<mq::kafka::DeleteRecordsResponse>;
