#include "cli/render/json.h"

#include "shared/json/rows.h"

namespace seaworthy::cli::render {

using namespace seaworthy::json;

std::string builds_json(const wire::BuildList& list) {
  return text_of(array_of(list.builds, build_object));
}

std::string build_json(const wire::BuildDetail& detail) { return text_of(detail_object(detail)); }

std::string tests_json(const wire::TestList& list) {
  return text_of({{"build", list.build.value},
                  {"jobs", array_of(list.jobs, job_tests_object)},
                  {"tests", array_of(list.tests, test_object)}});
}

std::string workers_json(const wire::WorkerList& list) {
  return text_of(array_of(list.workers, worker_object));
}

std::string submitted_json(const wire::SubmitOk& ok) {
  return text_of(array_of(ok.builds, submitted_object));
}

std::string status_json(const wire::QueueStatusOk& queue, const wire::BuildList& last) {
  Json json = queue_object(queue);
  json["last"] = array_of(last.builds, build_object);
  return text_of(json);
}

std::string health_json(const std::string& endpoint, const wire::Pong& pong) {
  return text_of(Json{{"broker", endpoint},
                      {"version", pong.version},
                      {"epoch", pong.epoch.value},
                      {"pid", pong.pid},
                      {"started_ms", null_or(pong.started)}});
}

}  // namespace seaworthy::cli::render
