#include "worker/leader_protocol.h"

#include <charconv>
#include <cstring>
#include <vector>

namespace seaworthy::worker {

std::string pack_leader_options(const LeaderOptions& options) {
  std::string packed(sizeof(uint32_t), '\0');
  for (const std::string& text :
       {options.spool_entry.string(), options.workspace.string(), options.mirrors.string(),
        options.worker, std::to_string(options.kill_grace.count()),
        std::to_string(options.output_cap_bytes), options.group.string()})
    packed.append(text).push_back('\0');
  const auto size = static_cast<uint32_t>(packed.size() - sizeof(uint32_t));
  std::memcpy(packed.data(), &size, sizeof size);
  return packed;
}

std::optional<LeaderOptions> unpack_leader_options(std::string_view packed) {
  std::vector<std::string> words;
  for (size_t end = 0; (end = packed.find('\0')) != std::string_view::npos;
       packed.remove_prefix(end + 1))
    words.emplace_back(packed.substr(0, end));
  if (words.size() != 7 || !packed.empty()) return std::nullopt;
  LeaderOptions options;
  options.spool_entry = words[0];
  options.workspace = words[1];
  options.mirrors = words[2];
  options.worker = words[3];
  int64_t grace_ms = 0;
  auto parse = [](const std::string& text, auto& value) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
  };
  if (!parse(words[4], grace_ms) || !parse(words[5], options.output_cap_bytes)) return std::nullopt;
  options.kill_grace = Duration{grace_ms};
  options.group = words[6];
  return options;
}

}  // namespace seaworthy::worker
