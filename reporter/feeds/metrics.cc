// Prometheus' text format, version 0.0.4. deploy/grafana/ draws what is named here.
#include <algorithm>
#include <array>
#include <cstdio>

#include "reporter/feeds/feeds.h"
#include "shared/base/utf8.h"

namespace seaworthy::reporter::feeds {
namespace {

// A label's value: what would end it is escaped, what is no text is a '?'.
std::string quoted(std::string_view value) {
  std::string text = "\"";
  while (!value.empty()) {
    const size_t length = utf8_sequence_length(value);
    const char c = value.front();
    if (length > 1)
      text += value.substr(0, length);
    else if (length == 0 || static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      text += '?';
    else
      text += c == '\\' || c == '"' ? std::string("\\") + c : std::string(1, c);
    value.remove_prefix(std::max<size_t>(length, 1));
  }
  return text + "\"";
}

// Of thousandths or millionths, as few digits as tell it.
std::string seconds(uint64_t value, uint64_t per_second) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%llu.%06llu",
                static_cast<unsigned long long>(value / per_second),
                static_cast<unsigned long long>(value % per_second * (1'000'000 / per_second)));
  std::string digits = text.data();
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.ends_with('.')) digits.pop_back();
  return digits;
}

class Text {
 public:
  void head(std::string_view name, std::string_view type, std::string_view help) {
    name_ = "seaworthy_" + std::string(name);
    text_ += "# HELP " + name_ + " " + std::string(help) + "\n# TYPE " + name_ + " " +
             std::string(type) + "\n";
  }
  void value(uint64_t value) { text_ += name_ + " " + std::to_string(value) + "\n"; }
  void value(std::string_view label, std::string_view word, uint64_t value) {
    text_ +=
        name_ + "{" + std::string(label) + "=" + quoted(word) + "} " + std::to_string(value) + "\n";
  }
  void gauge(std::string_view name, std::string_view help, uint64_t number) {
    head(name, "gauge", help);
    value(number);
  }
  void counter(std::string_view name, std::string_view help, uint64_t number) {
    head(name, "counter", help);
    value(number);
  }
  void words(std::string_view name, std::string_view type, std::string_view help,
             std::string_view label, const std::vector<wire::WordCount>& counts) {
    head(name, type, help);
    for (const wire::WordCount& one : counts) value(label, one.word, one.count);
  }
  void histogram(std::string_view name, std::string_view help, const wire::Histogram& histogram,
                 uint64_t per_second) {
    head(name, "histogram", help);
    uint64_t all = 0;
    for (size_t i = 0; i < histogram.counts.size(); ++i) {
      all += histogram.counts[i];
      const bool is_last = i >= histogram.bounds.size();
      text_ += name_ + "_bucket{le=\"" +
               (is_last ? "+Inf" : seconds(histogram.bounds[i], per_second)) + "\"} " +
               std::to_string(all) + "\n";
      if (is_last) break;
    }
    text_ += name_ + "_sum " + seconds(histogram.sum, per_second) + "\n";
    text_ += name_ + "_count " + std::to_string(all) + "\n";
  }
  std::string text() { return std::move(text_); }

 private:
  std::string text_;
  std::string name_;
};

std::string joined(const std::vector<std::string>& labels) {
  std::string text;
  for (const std::string& label : labels) text += (text.empty() ? "" : ",") + label;
  return text;
}

void put_now(Text& text, const wire::Metrics& m) {
  text.gauge("jobs_waiting", "Jobs without a verdict that do not run", m.waiting_jobs);
  text.gauge("jobs_running", "Jobs that run", m.running_jobs);
  text.head("jobs_ready", "gauge", "Jobs that a worker with these labels could run now");
  for (const wire::ReadyJobs& ready : m.ready)
    text.value("labels", joined(ready.labels), ready.count);
  text.gauge("jobs_ready_unlisted", "Ready jobs whose labels are too many to be listed",
             m.ready_unlisted);
  text.words("workers", "gauge", "Workers that the broker knows", "state", m.workers);
  text.gauge("repositories_paused", "Repositories that a person paused", m.paused_repositories);
  text.gauge("connections", "Connections of workers and others with the broker", m.connections);
  text.gauge("questions_open", "Questions to the broker that wait for their answer",
             m.open_questions);
  text.gauge("store_lag_batches", "Batches of changes that are not durable yet",
             m.uncommitted_batches);
  text.gauge("store_lag_bytes", "Bytes of output in them", m.uncommitted_bytes);
  text.gauge("event_lag", "Events that are decided and not durable yet", m.uncommitted_events);
  text.gauge("disk_has_space", "0: the broker's disk is nearly full and no new work is taken",
             m.has_space ? 1 : 0);
  text.gauge("broker_epoch", "Which start of the broker on its store this is", m.epoch.value);
  text.gauge("broker_start_time_seconds", "When the broker was started",
             static_cast<uint64_t>(m.started.value / 1000));
  text.head("broker_info", "gauge", "The broker's version");
  text.value("version", m.version, 1);
}

void put_since_start(Text& text, const wire::Metrics& m) {
  text.counter("events_total", "Durable events of the store", m.last_event);
  text.counter("builds_submitted_total", "Builds that were made", m.submitted_builds);
  text.words("builds_finished_total", "counter", "Builds by verdict", "verdict", m.builds);
  text.words("jobs_finished_total", "counter", "Jobs by verdict", "verdict", m.jobs);
  text.words("attempts_ended_total", "counter", "Attempts by outcome", "outcome", m.attempts);
  text.counter("output_bytes_total", "Output that was stored", m.output_bytes);
  text.histogram("job_wait_seconds",
                 "From when a job could run until it was given to a worker; not across a restart",
                 m.wait_ms, 1'000);
  text.histogram("attempt_run_seconds",
                 "From when an attempt was given to a worker until its outcome came", m.run_ms,
                 1'000);
  text.histogram("commit_seconds", "Making a batch of changes durable", m.commit_us, 1'000'000);
}

}  // namespace

std::string metrics_text(const std::optional<wire::Metrics>& metrics, const OwnNumbers& own) {
  Text text;
  text.gauge("broker_up", "1: the broker answers the reporter", metrics ? 1 : 0);
  if (metrics) {
    put_now(text, *metrics);
    put_since_start(text, *metrics);
  }
  text.counter("reporter_requests_total", "Requests that the reporter was asked", own.requests);
  text.counter("reporter_refused_total", "Requests of who is not signed in, or may not",
               own.refused);
  text.gauge("reporter_streams_open", "Pages that listen for changes", own.streams);
  text.gauge("reporter_last_event", "The newest event that the reporter has heard of",
             own.last_event);
  return text.text();
}

}  // namespace seaworthy::reporter::feeds
