// RevisionReader reads what a mirror's revisions say about themselves: subject, author, and the
// pipeline that their files ask for. Made for thousands of revisions in a row: one git process
// answers all, and what is the same in many revisions is read and expanded once. One thread.
// Blocks; errors are texts for people.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/git/object_process.h"
#include "shared/git/objects.h"
#include "shared/model/pipeline.h"

namespace seaworthy::git {

class RevisionReader {
 public:
  // `environment` is added to git's: Mirror::environment_for_reading(), or nothing.
  explicit RevisionReader(std::filesystem::path git_directory,
                          std::vector<std::string> environment = {});

  struct Description {
    std::string subject;
    std::string author;
    Pipeline pipeline;
  };
  Result<Description> describe(const std::string& revision);

  // The commits from `tip` down to `from`, newest first, without `from`, where each has one parent
  // and there are no more than a few: what most pushes are. Else none: new_revisions() tells.
  std::optional<std::vector<std::string>> chain(const std::string& tip, const std::string& from);

 private:
  friend class FilesOfRevision;
  // Null if the object is too large.
  Result<const Tree*> tree(const std::string& id);
  Result<Pipeline> expand(const std::string& root);

  // To be called before something of that size is remembered.
  void make_room(size_t bytes);

  ObjectProcess objects_;
  // What was read; emptied when it has grown too large.
  size_t cached_bytes_ = 0;
  std::map<std::string, Tree> trees_;
  std::map<std::string, std::optional<std::string>> files_;
  std::map<std::string, Pipeline> pipelines_;  // by id of the pipeline file, or of the root tree
};

}  // namespace seaworthy::git
