#include "cli/up/summary_file.h"

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "shared/io/fd.h"

namespace seaworthy::cli {

std::string json_of(const Summary& summary) {
  using Json = nlohmann::ordered_json;
  const Json page = summary.page.empty() ? Json(nullptr) : Json(summary.page);
  const Json json{{"pid", summary.pid},
                  {"broker", summary.broker},
                  {"page", page},
                  {"workers", summary.workers},
                  {"state", summary.state.string()},
                  {"started_ms", summary.started.value}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

SummaryFile::SummaryFile(std::filesystem::path file) : file_(std::move(file)) { remove(); }

Result<Done> SummaryFile::write(const Summary& summary) const {
  const std::string beside = file_.string() + ".new";
  std::ofstream out(beside, std::ios::binary | std::ios::trunc);
  out << json_of(summary);
  out.close();
  if (!out || std::rename(beside.c_str(), file_.c_str()) != 0)
    return Unexpected{io::errno_text("cannot write " + file_.string())};
  return Done{};
}

void SummaryFile::remove() const {
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
}

}  // namespace seaworthy::cli
