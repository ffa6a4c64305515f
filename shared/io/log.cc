#include "shared/io/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>

namespace seaworthy::io {
namespace {

// A JSON pattern would not escape quotes and newlines in messages, so objects are made by the JSON
// library.
class JsonFormatter final : public spdlog::formatter {
 public:
  explicit JsonFormatter(std::string program) : program_(std::move(program)) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    auto since_epoch = message.time.time_since_epoch();
    nlohmann::ordered_json line;
    line["at_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
    line["level"] = std::string_view(spdlog::level::to_string_view(message.level).data());
    line["program"] = program_;
    line["message"] = std::string(message.payload.data(), message.payload.size());
    std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<JsonFormatter>(program_);
  }

 private:
  std::string program_;
};

}  // namespace

void start_log(const LogOptions& options) {
  auto logger = std::make_shared<spdlog::logger>(
      options.program, std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  if (options.format == "json")
    logger->set_formatter(std::make_unique<JsonFormatter>(options.program));
  else
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-5l%$ %n: %v");
  logger->set_level(spdlog::level::from_str(options.level));
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace seaworthy::io
