// SPDX-License-Identifier: Apache-2.0
// librdkafka's C interface against the broker that MQ_BROKERS names: producer, assigned consumer, admin.
#include <librdkafka/rdkafka.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { wait_ms = 15000, many = 5000 };

static int passed = 0, failed = 0;

static void check(int good, const char* sentence, const char* format, ...) {
  good ? passed++ : failed++;
  printf("%s  %s", good ? "ok  " : "FAIL", sentence);
  if (!good) {
    va_list arguments;
    va_start(arguments, format);
    printf(": ");
    vprintf(format, arguments);
    va_end(arguments);
  }
  printf("\n");
  fflush(stdout);
}

static void check_error(rd_kafka_resp_err_t got, rd_kafka_resp_err_t expected, const char* sentence) {
  check(got == expected, sentence, "%s, not %s", rd_kafka_err2name(got), rd_kafka_err2name(expected));
}

static void die(const char* what, const char* why) {
  printf("FAIL  %s: %s\n%d passed, %d failed\n", what, why, passed, failed + 1);
  exit(1);
}

// ---- clients ----

// Name and value of properties, ended by NULL.
static rd_kafka_t* client(rd_kafka_type_t type,
                          void (*delivered)(rd_kafka_t*, const rd_kafka_message_t*, void*), ...) {
  char why[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", getenv("MQ_BROKERS"), why, sizeof why);
  va_list properties;
  va_start(properties, delivered);
  for (const char* name; (name = va_arg(properties, const char*));)
    if (rd_kafka_conf_set(conf, name, va_arg(properties, const char*), why, sizeof why) != RD_KAFKA_CONF_OK)
      die(name, why);
  va_end(properties);
  if (delivered) rd_kafka_conf_set_dr_msg_cb(conf, delivered);
  rd_kafka_t* made = rd_kafka_new(type, conf, why, sizeof why);
  if (!made) die("a client", why);
  return made;
}

static rd_kafka_t* consumer(void) {
  rd_kafka_t* made = client(RD_KAFKA_CONSUMER, NULL, "group.id", "unused", "enable.auto.commit", "false",
                            "enable.partition.eof", "true", "fetch.wait.max.ms", "50", "auto.offset.reset",
                            "error", "check.crcs", "true", NULL);
  rd_kafka_poll_set_consumer(made);
  return made;
}

// ---- produce ----

struct deliveries {
  int good, bad, in_order;
  int64_t next;
  rd_kafka_resp_err_t error;
};

static void delivered(rd_kafka_t* rk, const rd_kafka_message_t* message, void* opaque) {
  (void)rk, (void)opaque;
  struct deliveries* seen = message->_private;
  if (message->err) {
    seen->bad++;
    seen->error = message->err;
    return;
  }
  seen->good++;
  seen->in_order = seen->in_order && message->offset == seen->next;
  seen->next = message->offset + 1;
}

static void produce(rd_kafka_t* producer, const char* topic, int partition, const void* value, size_t size,
                    int64_t time, struct deliveries* seen) {
  for (;;) {
    const rd_kafka_resp_err_t error = rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_KEY("k", 1),
        RD_KAFKA_V_VALUE((void*)value, size), RD_KAFKA_V_TIMESTAMP(time),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(seen), RD_KAFKA_V_END);
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      if (error) die("producev", rd_kafka_err2str(error));
      return;
    }
    rd_kafka_poll(producer, 100);
  }
}

static void test_idempotent_producer(void) {
  rd_kafka_t* producer = client(RD_KAFKA_PRODUCER, delivered, "enable.idempotence", "true",
                                "batch.num.messages", "100", "linger.ms", "1", NULL);
  struct deliveries seen = {.in_order = 1};
  char value[32];
  for (int i = 0; i < many; i++) {
    const int size = snprintf(value, sizeof value, "record %d", i);
    produce(producer, "rdkafka", 0, value, (size_t)size, 1000 + i, &seen);
  }
  check_error(rd_kafka_flush(producer, wait_ms), RD_KAFKA_RESP_ERR_NO_ERROR,
              "an idempotent producer flushes");
  check(seen.good == many && seen.bad == 0, "every record is reported as delivered", "%d good, %d bad",
        seen.good, seen.bad);
  check(seen.in_order && seen.next == many, "delivery reports carry the offsets, without gaps", "next %lld",
        (long long)seen.next);
  rd_kafka_destroy(producer);
}

static void test_errors(void) {
  rd_kafka_t* producer = client(RD_KAFKA_PRODUCER, delivered, "allow.auto.create.topics", "false",
                                "topic.metadata.propagation.max.ms", "1", "message.timeout.ms", "5000", NULL);
  struct deliveries seen = {.in_order = 1};
  produce(producer, "nobody_made_this", 0, "x", 1, 0, &seen);
  rd_kafka_flush(producer, wait_ms);
  check(seen.bad == 1 && (seen.error == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
                          seen.error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART),
        "producing to an unknown topic without creating it fails", "%d bad, %s", seen.bad,
        rd_kafka_err2name(seen.error));
  rd_kafka_destroy(producer);
}

// ---- consume ----

static void assign(rd_kafka_t* rk, const char* topic, int partition, int64_t offset) {
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
  check_error(rd_kafka_assign(rk, list), RD_KAFKA_RESP_ERR_NO_ERROR, "a partition is assigned");
  rd_kafka_topic_partition_list_destroy(list);
}

// Reads to the end; the records must be those from `first` on. Tells how many there were, or a negative
// error.
static int64_t read_from(rd_kafka_t* rk, int64_t first) {
  char expected[32];
  for (int64_t next = first;;) {
    rd_kafka_message_t* message = rd_kafka_consumer_poll(rk, wait_ms);
    if (!message) return RD_KAFKA_RESP_ERR__TIMED_OUT;
    const rd_kafka_resp_err_t error = message->err;
    const int size = snprintf(expected, sizeof expected, "record %lld", (long long)next);
    const int good = !error && message->offset == next && message->len == (size_t)size &&
                     memcmp(message->payload, expected, message->len) == 0 &&
                     rd_kafka_message_timestamp(message, NULL) == 1000 + next;
    rd_kafka_message_destroy(message);
    if (error == RD_KAFKA_RESP_ERR__PARTITION_EOF) return next - first;
    if (error) return error;
    if (!good) return RD_KAFKA_RESP_ERR__BAD_MSG;
    next++;
  }
}

static void test_assigned_consumer(void) {
  const struct {
    int64_t from, first, count;
    const char* sentence;
  } cases[] = {
      {RD_KAFKA_OFFSET_BEGINNING, 0, many, "from the beginning everything is read, in order, as it was sent"},
      {many - 10, many - 10, 10, "from an offset inside a batch the read begins there"},
      {RD_KAFKA_OFFSET_END, many, 0, "from the end nothing is read"},
      {RD_KAFKA_OFFSET_TAIL(7), many - 7, 7, "the tail has as many as asked for"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    rd_kafka_t* rk = consumer();
    assign(rk, "rdkafka", 0, cases[i].from);
    const int64_t count = read_from(rk, cases[i].first);
    check(count == cases[i].count, cases[i].sentence, "%lld", (long long)count);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
  }
}

static void test_out_of_range(void) {
  rd_kafka_t* rk = consumer();
  assign(rk, "rdkafka", 0, many + 100);
  const int64_t error = read_from(rk, many + 100);
  check_error((rd_kafka_resp_err_t)error, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
              "an offset past the end is out of range, and the reset policy decides");
  rd_kafka_consumer_close(rk);
  rd_kafka_destroy(rk);
}

static int64_t offset_at(rd_kafka_t* rk, int64_t time) {
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, "rdkafka", 0)->offset = time;
  const rd_kafka_resp_err_t error = rd_kafka_offsets_for_times(rk, list, wait_ms);
  const int64_t offset = error ? -1000 : list->elems[0].offset;
  rd_kafka_topic_partition_list_destroy(list);
  return offset;
}

static void test_offsets(void) {
  rd_kafka_t* rk = consumer();
  int64_t low = -1, high = -1;
  rd_kafka_query_watermark_offsets(rk, "rdkafka", 0, &low, &high, wait_ms);
  check(low == 0 && high == many, "watermarks are the first offset and the end", "%lld, %lld", (long long)low,
        (long long)high);
  check(offset_at(rk, 1000) == 0, "the time of the first record finds it", "%lld",
        (long long)offset_at(rk, 1000));
  check(offset_at(rk, 1234) == 234, "a time finds the record inside its batch", "%lld",
        (long long)offset_at(rk, 1234));
  check(offset_at(rk, 1) == 0, "a time before all finds the first", "%lld", (long long)offset_at(rk, 1));
  check(offset_at(rk, 1000 + many) == RD_KAFKA_OFFSET_END, "a time after all finds the end", "%lld",
        (long long)offset_at(rk, 1000 + many));
  rd_kafka_consumer_close(rk);
  rd_kafka_destroy(rk);
}

// ---- admin ----

// One request at a time; its answer, or NULL after `error` was set.
static rd_kafka_event_t* answer(rd_kafka_queue_t* queue, rd_kafka_resp_err_t* error) {
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, wait_ms);
  *error = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  return event;
}

static rd_kafka_resp_err_t topic_error(rd_kafka_event_t* event, rd_kafka_resp_err_t error) {
  size_t count = 0;
  const rd_kafka_topic_result_t** results = NULL;
  if (event && !error) {
    const rd_kafka_event_type_t type = rd_kafka_event_type(event);
    if (type == RD_KAFKA_EVENT_CREATETOPICS_RESULT)
      results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    else if (type == RD_KAFKA_EVENT_DELETETOPICS_RESULT)
      results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
    else
      results =
          rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event), &count);
    error = count == 1 ? rd_kafka_topic_result_error(results[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
  }
  if (event) rd_kafka_event_destroy(event);
  return error;
}

static rd_kafka_resp_err_t create(rd_kafka_t* rk, rd_kafka_queue_t* queue, const char* name, int partitions,
                                  const char* config, const char* value) {
  char why[256];
  rd_kafka_resp_err_t error;
  rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(name, partitions, 1, why, sizeof why);
  if (config) rd_kafka_NewTopic_set_config(topic, config, value);
  rd_kafka_CreateTopics(rk, &topic, 1, NULL, queue);
  rd_kafka_NewTopic_destroy(topic);
  rd_kafka_event_t* event = answer(queue, &error);
  return topic_error(event, error);
}

static rd_kafka_resp_err_t add_partitions(rd_kafka_t* rk, rd_kafka_queue_t* queue, const char* name,
                                          size_t total) {
  char why[256];
  rd_kafka_resp_err_t error;
  rd_kafka_NewPartitions_t* more = rd_kafka_NewPartitions_new(name, total, why, sizeof why);
  rd_kafka_CreatePartitions(rk, &more, 1, NULL, queue);
  rd_kafka_NewPartitions_destroy(more);
  rd_kafka_event_t* event = answer(queue, &error);
  return topic_error(event, error);
}

static rd_kafka_resp_err_t delete_topic(rd_kafka_t* rk, rd_kafka_queue_t* queue, const char* name) {
  rd_kafka_resp_err_t error;
  rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name);
  rd_kafka_DeleteTopics(rk, &topic, 1, NULL, queue);
  rd_kafka_DeleteTopic_destroy(topic);
  rd_kafka_event_t* event = answer(queue, &error);
  return topic_error(event, error);
}

// The value of one config of a topic; static memory, "" when there is none.
static const char* config_of(rd_kafka_t* rk, rd_kafka_queue_t* queue, const char* topic, const char* name,
                             int* is_default) {
  static char value[256];
  rd_kafka_resp_err_t error;
  value[0] = 0;
  rd_kafka_ConfigResource_t* resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
  rd_kafka_DescribeConfigs(rk, &resource, 1, NULL, queue);
  rd_kafka_ConfigResource_destroy(resource);
  rd_kafka_event_t* event = answer(queue, &error);
  if (!event || error) return snprintf(value, sizeof value, "error %d", error), value;
  size_t resources = 0, entries = 0;
  const rd_kafka_ConfigResource_t** described =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &resources);
  const rd_kafka_ConfigEntry_t** entry = rd_kafka_ConfigResource_configs(described[0], &entries);
  for (size_t i = 0; i < entries; i++) {
    if (strcmp(rd_kafka_ConfigEntry_name(entry[i]), name) != 0) continue;
    snprintf(value, sizeof value, "%s", rd_kafka_ConfigEntry_value(entry[i]));
    *is_default = rd_kafka_ConfigEntry_is_default(entry[i]);
  }
  rd_kafka_event_destroy(event);
  return value;
}

static rd_kafka_resp_err_t alter(rd_kafka_t* rk, rd_kafka_queue_t* queue, const char* topic, const char* name,
                                 const char* value) {
  rd_kafka_resp_err_t error;
  rd_kafka_ConfigResource_t* resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
  rd_kafka_ConfigResource_set_config(resource, name, value);
  rd_kafka_AlterConfigs(rk, &resource, 1, NULL, queue);
  rd_kafka_ConfigResource_destroy(resource);
  rd_kafka_event_t* event = answer(queue, &error);
  if (event && !error) {
    size_t count = 0;
    const rd_kafka_ConfigResource_t** altered =
        rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event), &count);
    error = count == 1 ? rd_kafka_ConfigResource_error(altered[0]) : RD_KAFKA_RESP_ERR__BAD_MSG;
  }
  if (event) rd_kafka_event_destroy(event);
  return error;
}

static void test_delete_records(rd_kafka_t* rk, rd_kafka_queue_t* queue) {
  rd_kafka_resp_err_t error;
  rd_kafka_topic_partition_list_t* before = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(before, "rdkafka", 0)->offset = 1234;
  rd_kafka_DeleteRecords_t* request = rd_kafka_DeleteRecords_new(before);
  rd_kafka_DeleteRecords(rk, &request, 1, NULL, queue);
  rd_kafka_DeleteRecords_destroy(request);
  rd_kafka_topic_partition_list_destroy(before);
  rd_kafka_event_t* event = answer(queue, &error);
  check_error(error, RD_KAFKA_RESP_ERR_NO_ERROR, "records are deleted");
  if (event) rd_kafka_event_destroy(event);
  int64_t low = -1, high = -1;
  rd_kafka_query_watermark_offsets(rk, "rdkafka", 0, &low, &high, wait_ms);
  check(low == 1234 && high == many, "the log begins behind what was deleted", "%lld, %lld", (long long)low,
        (long long)high);
  rd_kafka_t* reader = consumer();
  assign(reader, "rdkafka", 0, RD_KAFKA_OFFSET_BEGINNING);
  const int64_t count = read_from(reader, 1234);
  check(count == many - 1234, "what was not deleted is read", "%lld", (long long)count);
  rd_kafka_consumer_close(reader);
  rd_kafka_destroy(reader);
}

static void test_admin(void) {
  int is_default = -1;
  rd_kafka_t* rk = client(RD_KAFKA_PRODUCER, NULL, NULL);
  rd_kafka_queue_t* queue = rd_kafka_queue_new(rk);
  check_error(create(rk, queue, "made", 2, "retention.ms", "12345"), RD_KAFKA_RESP_ERR_NO_ERROR,
              "a topic is created");
  check_error(create(rk, queue, "made", 2, NULL, NULL), RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS,
              "but not twice");
  check_error(create(rk, queue, "bad", 1, "retention.ms", "soon"), RD_KAFKA_RESP_ERR_INVALID_CONFIG,
              "nor with a bad config");
  check_error(create(rk, queue, "no/slash", 1, NULL, NULL), RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
              "nor with a bad name");

  const char* value = config_of(rk, queue, "made", "retention.ms", &is_default);
  check(strcmp(value, "12345") == 0 && is_default == 0, "its config is described as set", "%s, %d", value,
        is_default);
  check_error(alter(rk, queue, "made", "max.message.bytes", "54321"), RD_KAFKA_RESP_ERR_NO_ERROR,
              "configs are altered");
  value = config_of(rk, queue, "made", "max.message.bytes", &is_default);
  check(strcmp(value, "54321") == 0, "to what was asked for", "%s", value);
  value = config_of(rk, queue, "made", "retention.ms", &is_default);
  check(strcmp(value, "604800000") == 0 && is_default == 1, "and what was not named is back at its default",
        "%s, %d", value, is_default);
  check_error(alter(rk, queue, "made", "no.such.config", "1"), RD_KAFKA_RESP_ERR_INVALID_CONFIG,
              "unknown configs are refused");

  check_error(add_partitions(rk, queue, "made", 5), RD_KAFKA_RESP_ERR_NO_ERROR, "partitions are added");
  check_error(add_partitions(rk, queue, "made", 5), RD_KAFKA_RESP_ERR_INVALID_PARTITIONS,
              "but not to what there is");
  const struct rd_kafka_metadata* metadata = NULL;
  rd_kafka_topic_t* topic = rd_kafka_topic_new(rk, "made", NULL);
  rd_kafka_metadata(rk, 0, topic, &metadata, wait_ms);
  const int partitions = metadata && metadata->topic_cnt == 1 ? metadata->topics[0].partition_cnt : -1;
  check(partitions == 5, "metadata tells them", "%d", partitions);
  if (metadata) rd_kafka_metadata_destroy(metadata);
  rd_kafka_topic_destroy(topic);

  test_delete_records(rk, queue);
  check_error(delete_topic(rk, queue, "made"), RD_KAFKA_RESP_ERR_NO_ERROR, "a topic is deleted");
  check_error(delete_topic(rk, queue, "made"), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
              "and is then unknown");
  check_error(create(rk, queue, "made", 1, NULL, NULL), RD_KAFKA_RESP_ERR_NO_ERROR,
              "and its name is free again");
  rd_kafka_queue_destroy(queue);
  rd_kafka_destroy(rk);
}

int main(void) {
  if (!getenv("MQ_BROKERS")) die("MQ_BROKERS", "is not set");
  test_idempotent_producer();
  test_errors();
  test_assigned_consumer();
  test_out_of_range();
  test_offsets();
  test_admin();
  printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
