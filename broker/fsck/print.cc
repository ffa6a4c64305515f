#include "broker/fsck/print.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "shared/base/utf8.h"

namespace seaworthy::fsck {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kShown = 10;  // of each check; --json has more

std::string plain(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const size_t length = utf8_sequence_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    // C1 controls, which some terminals obey, are U+0080 to U+009F.
    const bool control = first < 0x20 || first == 0x7f ||
                         (first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0);
    if (length == 0 || control)
      result += '?';
    else
      result += text.substr(0, length);
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return result;
}

std::string counted(uint64_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string size_text(uint64_t bytes) {
  constexpr std::array kUnits{"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return counted(bytes, "byte");
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  for (value /= 1000; value >= 1000 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", value, kUnits[unit]);
  return text.data();
}

std::string where_text(const Where& where) {
  std::string text;
  auto add = [&text](const char* noun, int64_t number) {
    if (number != 0)
      text += (text.empty() ? "" : ", ") + std::string(noun) + std::to_string(number);
  };
  add("build ", where.build);
  add("job ", where.job);
  add("attempt ", where.attempt);
  return text.empty() ? text : text + ": ";
}

std::string findings_text(const Findings& findings) {
  const Check& check = *findings.check;
  std::string text = std::string(check.holds) + "  [" + check.name + "]\n";
  const size_t shown = std::min(findings.first.size(), kShown);
  for (size_t i = 0; i < shown; ++i)
    text +=
        "  not so: " + where_text(findings.first[i].where) + plain(findings.first[i].wrong) + "\n";
  if (findings.count > shown)
    text += "  and " + std::to_string(findings.count - shown) + " more like these\n";
  text += "  promise: " + std::string(code_of(check.promise)) + ", " +
          std::string(words_of(check.promise)) + "\n  what to do: " + check.what_to_do + "\n\n";
  return text;
}

std::string conclusion(const Report& report) {
  const Counts& the = report.checked;
  std::string text = "checked " + counted(the.builds, "build") + ", " + counted(the.jobs, "job") +
                     ", " + counted(the.attempts, "attempt") + ", " + counted(the.events, "event") +
                     ", " + size_text(the.output_bytes) + " of output: ";
  if (report.count() > 0) text += "found " + counted(report.count(), "thing") + " that must not be";
  if (!report.not_looked.empty())
    text += (report.count() > 0 ? ", and " : "") + std::string("could not look at everything");
  if (report.count() == 0 && report.not_looked.empty()) text += "nothing found";
  return text + "\n";
}

Json number_or_null(int64_t number) { return number == 0 ? Json(nullptr) : Json(number); }

Json findings_json(const Findings& findings) {
  const Check& check = *findings.check;
  Json places = Json::array();
  for (const Finding& finding : findings.first)
    places.push_back({{"build", number_or_null(finding.where.build)},
                      {"job", number_or_null(finding.where.job)},
                      {"attempt", number_or_null(finding.where.attempt)},
                      {"wrong", finding.wrong}});
  return {{"check", check.name},
          {"promise", code_of(check.promise)},
          {"holds", check.holds},
          {"count", findings.count},
          {"what_to_do", check.what_to_do},
          {"places", std::move(places)}};
}

}  // namespace

std::string as_text(const Report& report) {
  std::string text;
  for (const Findings& findings : report.findings) text += findings_text(findings);
  for (const std::string& one : report.not_looked) text += plain(one) + "\n\n";
  for (const std::string& note : report.notes) text += "note: " + plain(note) + "\n";
  return text + conclusion(report);
}

std::string as_json(const Report& report, const Place& place) {
  const Counts& the = report.checked;
  Json json{{"store", place.database.string()},
            {"output", place.output.string()},
            {"checked",
             {{"builds", the.builds},
              {"jobs", the.jobs},
              {"attempts", the.attempts},
              {"events", the.events},
              {"output_bytes", the.output_bytes}}},
            {"findings", Json::array()},
            {"not_checked", report.not_looked},
            {"notes", report.notes}};
  for (const Findings& findings : report.findings)
    json["findings"].push_back(findings_json(findings));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace seaworthy::fsck
