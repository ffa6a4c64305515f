// The news file as it lies on the disk, and what it refers to there.
#include <sys/stat.h>

#include <cstdlib>

#include "reporter/news/config.h"
#include "shared/io/file.h"
#include "shared/model/limits.h"

namespace seaworthy::reporter::news {
namespace {

bool others_may_read(const std::filesystem::path& file) {
  struct stat info {};
  return stat(file.c_str(), &info) == 0 && (info.st_mode & S_IROTH) != 0;
}

Result<std::string> read_secret_file(const std::string& file) {
  if (others_may_read(file))
    return Unexpected{"refused to use " + file +
                      ": everybody on this machine may read it; chmod o= " + file};
  return io::read_file(file);
}

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

Result<Plan> load_plan(const std::filesystem::path& file) {
  const std::string attempt = "cannot use the news file " + file.string();
  auto text = io::read_file(file);
  if (!text) return Unexpected{text.error()};
  if (text->size() > limits::kNewsFileBytes)
    return Unexpected{attempt + ": it has more than " + std::to_string(limits::kNewsFileBytes) +
                      " bytes"};
  auto parsed = parse_plan(*text, {variable, read_secret_file});
  if (!parsed)
    return Unexpected{attempt + ": line " + std::to_string(parsed.error().at.line) + ", column " +
                      std::to_string(parsed.error().at.column) + ": " + parsed.error().text};
  if (parsed->holds_secrets && others_may_read(file))
    return Unexpected{attempt + ": a secret stands in it, and everybody on this machine may read " +
                      "it; chmod o= " + file.string() + ", or take the secret from ${NAME} or a " +
                      "-file"};
  return std::move(parsed->plan);
}

}  // namespace seaworthy::reporter::news
