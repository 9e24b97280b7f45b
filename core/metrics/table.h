// SPDX-License-Identifier: Apache-2.0
// Every metric as a row: add one here, and name, type and help are exported with what is counted. Data only.
#pragma once

#include <array>
#include <string_view>

namespace mq::core {

enum class MetricType { counter, gauge, histogram };

// What samples of one metric are together: those whose labels became equal, those of all topics in `_other`.
enum class Together { sum, largest };

struct Metric {
  std::string_view
      name;  // Prometheus' rules (tests/core/metrics/table_test); the unit is in it: seconds, bytes
  MetricType type = MetricType::gauge;
  std::string_view help;
  std::array<std::string_view, 3> labels{};  // their names; "": none
  Together together = Together::sum;
};

// The topic or group that stands for all without series of their own.
inline constexpr std::string_view other_label = "_other";

inline constexpr auto metric_table = [] {
  constexpr auto counter = MetricType::counter;
  constexpr auto gauge = MetricType::gauge;
  constexpr auto histogram = MetricType::histogram;
  return std::to_array<Metric>({
      // The process.
      {"mq_build_info", gauge, "What runs here; always 1.", {"version", "commit", "mode"}},
      {"mq_broker_state", gauge, "1 for the state the broker is in, 0 for the others.", {"state"}},
      {"mq_uptime_seconds", gauge, "Time since the broker started."},
      {"process_cpu_seconds_total", counter, "CPU time of the process, user and system."},
      {"process_open_fds", gauge, "Open file descriptors."},
      {"process_max_fds", gauge, "How many file descriptors may be open."},
      {"process_resident_memory_bytes", gauge, "Resident memory of the process."},
      {"process_start_time_seconds", gauge, "When the process started, since 1970."},

      // Records.
      {"mq_broker_records_in_total", counter, "Records appended for producers."},
      {"mq_broker_records_out_total", counter, "Records sent to consumers."},
      {"mq_broker_bytes_in_total", counter, "Bytes of batches appended for producers."},
      {"mq_broker_bytes_out_total", counter, "Bytes of batches sent to consumers."},
      {"mq_records_in_total", counter, "Records appended for producers.", {"topic"}},
      {"mq_records_out_total", counter, "Records sent to consumers.", {"topic"}},
      {"mq_bytes_in_total", counter, "Bytes of batches appended for producers.", {"topic"}},
      {"mq_bytes_out_total", counter, "Bytes of batches sent to consumers.", {"topic"}},
      {"mq_record_batch_bytes", histogram, "Sizes of the batches that producers sent."},

      // Groups.
      {"mq_group_lag", gauge, "Records between committed offset and end of the log.", {"group", "topic"}},

      // Requests.
      {"mq_requests_total", counter, "Requests answered.", {"api"}},
      {"mq_request_errors_total", counter, "Answers with an error, by Kafka's name.", {"api", "error"}},
      {"mq_request_duration_seconds",
       histogram,
       "From the last byte of a request to the first of its answer; without the time a fetch waits for "
       "records.",
       {"api"}},
      {"mq_request_phase_seconds", histogram, "Where the time of a request went.", {"api", "phase"}},
      {"mq_connections", gauge, "Open connections.", {"listener"}},
      {"mq_connections_opened_total", counter, "Connections accepted.", {"listener"}},

      // The disk.
      {"mq_log_flush_duration_seconds", histogram, "How long an fdatasync of the journal took."},
      {"mq_log_flushes_total", counter, "Calls of fdatasync of the journal."},
      {"mq_log_written_bytes_total", counter, "Bytes written to the journal."},
      {"mq_log_segments", gauge, "Segments on disk."},
      {"mq_log_recovery_seconds", gauge, "How long opening the storage took at the last start."},
      {"mq_disk_total_bytes", gauge, "Size of the file system.", {"dir"}},
      {"mq_disk_free_bytes", gauge, "What is free of it.", {"dir"}},
      {"mq_disk_write_blocked", gauge, "1 while appends are refused for want of space.", {"dir"}},

      // Transactions.

      // Being one of several.
  });
}();

// The row of that name; one that there is not does not compile.
consteval const Metric& metric(std::string_view name) {
  for (const Metric& row : metric_table)
    if (row.name == name) return row;
  throw "no such metric";
}

}  // namespace mq::core
