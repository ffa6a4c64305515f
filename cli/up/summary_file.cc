#include "cli/up/summary_file.h"

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "shared/io/fd.h"

namespace seaworthy::cli {

std::string json_of(const Summary& summary) {
  const nlohmann::ordered_json json{{"pid", summary.pid},
                                    {"broker", summary.broker},
                                    {"workers", summary.workers},
                                    {"state", summary.state.string()},
                                    {"started_ms", summary.started.value}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
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
