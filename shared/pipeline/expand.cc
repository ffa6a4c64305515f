#include "shared/pipeline/expand.h"

#include "shared/base/utf8.h"
#include "shared/model/limits.h"
#include "shared/pipeline/detect.h"
#include "shared/pipeline/parse.h"

namespace seaworthy::pipeline {
namespace {

Pipeline decided(Verdict verdict, std::string_view explanation) {
  return {{}, Decided{verdict, std::string(utf8_prefix(explanation, limits::kDetailBytes))}};
}

// The line that the error is in, and a mark under its column.
std::string excerpt(std::string_view text, Position at) {
  constexpr size_t kMostColumns = 120;
  for (size_t line = 1; line < at.line && !text.empty(); ++line)
    text.remove_prefix(std::min(text.size(), text.find('\n') == std::string_view::npos
                                                 ? text.size()
                                                 : text.find('\n') + 1));
  text = text.substr(0, text.find_first_of("\r\n"));
  if (text.empty() || text.size() > kMostColumns || at.column > text.size()) return {};
  std::string shown, mark;
  for (size_t column = 1; !text.empty(); ++column) {
    size_t length = utf8_sequence_length(text);
    if (length == 0) return {};
    shown.append(text.substr(0, length));
    if (column < at.column) mark.push_back(text[0] == '\t' ? '\t' : ' ');
    text.remove_prefix(length);
  }
  return "\n    " + shown + "\n    " + mark + "^\n";
}

std::string sentence(Position at, std::string_view text) {
  return std::string(kFileName) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) +
         ": " + std::string(text);
}

Pipeline expand_file(RevisionFiles& files) {
  auto text = files.read(std::string(kFileName), limits::kPipelineFileBytes);
  if (!text)
    return decided(Verdict::Failed,
                   sentence({}, "this must be a file of at most " +
                                    std::to_string(limits::kPipelineFileBytes / 1024) +
                                    " KiB, and cannot be read as one; move long scripts into "
                                    "files of the repository"));
  auto pipeline = parse(*text);
  if (!pipeline)
    return decided(Verdict::Failed, sentence(pipeline.error().at, pipeline.error().text) +
                                        excerpt(*text, pipeline.error().at));
  for (JobSpec& job : pipeline->jobs) job.origin = "From .seaworthy.yml in this revision.";
  return std::move(*pipeline);
}

}  // namespace

Pipeline expand(RevisionFiles& files) {
  bool misspelt = false;
  for (const RevisionFiles::Entry& entry : files.list("")) {
    if (entry.name == kFileName) return expand_file(files);
    misspelt = misspelt || entry.name == ".seaworthy.yaml";
  }
  if (misspelt)
    return decided(Verdict::Failed,
                   ".seaworthy.yaml is not read; rename it to " + std::string(kFileName));
  if (auto job = detect(files)) return {{std::move(*job)}, std::nullopt};
  return decided(Verdict::Skipped,
                 "There is nothing to run: no .seaworthy.yml in this revision, "
                 "and none of " +
                     std::string(kConventions) +
                     ". Put a .seaworthy.yml there to say what shall be run.");
}

}  // namespace seaworthy::pipeline
