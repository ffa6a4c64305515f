// Whatever stands in a revision's files, expanding it gives jobs that the broker takes, or a
// verdict with an explanation. The first byte chooses which file the rest is.
#include <array>

#include "broker/core/core.h"
#include "shared/model/limits.h"
#include "shared/pipeline/expand.h"
#include "shared/wire/codec.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/messages.h"
#include "tests/fuzz/require.h"

namespace seaworthy::fuzz {
namespace {

class OneFile final : public pipeline::RevisionFiles {
 public:
  OneFile(std::string name, std::string content)
      : name_(std::move(name)), content_(std::move(content)) {}
  std::vector<Entry> list(const std::string& directory) override {
    if (directory.empty()) return {{name_, false}, {"tests", true}};
    return directory == "tests" ? std::vector<Entry>{{"readme.txt", false}} : std::vector<Entry>{};
  }
  std::optional<std::string> read(const std::string& path, size_t most_bytes) override {
    if (path != name_ || content_.size() > most_bytes) return std::nullopt;
    return content_;
  }

 private:
  std::string name_;
  std::string content_;
};

// The broker has rules of its own for what it takes: the two must agree.
void submit(const Pipeline& pipeline) {
  wire::Message message =
      wire::Submit{{{1}},       "/srv/project", "refs/heads/main",
                   revision(1), {pipeline},     {{revision(1), 0, 0, "subject", "author"}},
                   false};
  FUZZ_REQUIRE(wire::encode(message, 1).body.size() < limits::kMessageBytes);
  broker::Core core({Timing{}, limits::kOutputCreditBytes}, {}, {});
  const broker::Effects effects = core.step({}, broker::MessageReceived{1, 1, &message, 0});
  FUZZ_REQUIRE(effects.messages.size() == 1);
  FUZZ_REQUIRE(std::holds_alternative<wire::SubmitOk>(effects.messages.front().message));
}

}  // namespace
}  // namespace seaworthy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace seaworthy;
  constexpr std::array<const char*, 4> kFiles{".seaworthy.yml", "package.json", "Makefile",
                                              "pyproject.toml"};
  fuzz::Input input(data, size);
  const uint8_t choice = input.byte();
  fuzz::OneFile files(choice < 224 ? kFiles[0] : kFiles[choice % 4], std::string(input.rest()));
  const Pipeline pipeline = pipeline::expand(files);
  FUZZ_REQUIRE(pipeline.jobs.empty() == pipeline.decided.has_value());
  FUZZ_REQUIRE(!pipeline.decided || !pipeline.decided->explanation.empty());
  fuzz::submit(pipeline);
  return 0;
}
