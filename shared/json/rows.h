// The broker's rows as JSON: one set of names for `seaworthy … --json` and for the reporter's API.
// Other programs read these shapes: keys are added, never renamed or removed. Numbers are whole,
// times Unix milliseconds; what has not happened is null. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "shared/wire/message.h"

namespace seaworthy::json {

using Json = nlohmann::ordered_json;

// Bytes that are no UTF-8 become U+FFFD. With a line's end.
std::string text_of(const Json& json);

Json null_or(UnixMillis at);
Json null_or(const std::string& text);
template <class Tag, class Rep>
Json null_or(Id<Tag, Rep> id) {
  return id ? Json(id.value) : Json(nullptr);
}
template <class Enum>
Json null_or(const std::optional<Enum>& word) {
  return word ? Json(to_string(*word)) : Json(nullptr);
}

Json build_object(const wire::BuildRow& build);
// A build, and with it its concurrency_group, jobs and timeline.
Json detail_object(const wire::BuildDetail& detail);
Json event_object(const wire::EventRow& event);
Json worker_object(const wire::WorkerRow& worker);
Json submitted_object(const wire::SubmittedBuild& build);
// A job that has a report of tests, and one test.
Json job_tests_object(const wire::JobTests& job);
Json test_object(const wire::TestRow& test);
// queue, waiting, running, unmatched, paused.
Json queue_object(const wire::QueueStatusOk& queue);

template <class Rows, class Make>
Json array_of(const Rows& rows, Make make) {
  Json array = Json::array();
  for (const auto& row : rows) array.push_back(make(row));
  return array;
}

}  // namespace seaworthy::json
