// Expanding: the files of a revision -> what is to be run. Pure: it sees files through
// RevisionFiles only.
// `.seaworthy.yml` decides if it is there (parse.h); without it the first convention that fits
// (detect.h); without one, the verdict is Skipped and says why. A file that cannot be understood is
// the verdict Failed, with file, line, column and the nearest right key as its explanation. Never
// throws.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/model/pipeline.h"

namespace seaworthy::pipeline {

inline constexpr std::string_view kFileName = ".seaworthy.yml";

// A revision's files. Implemented by git::RevisionReader, and by a map in tests.
class RevisionFiles {
 public:
  virtual ~RevisionFiles() = default;
  struct Entry {
    std::string name;
    bool directory = false;
  };
  // What lies directly in `directory` ("" is the root, "tests" a folder); empty if there is no such
  // folder.
  virtual std::vector<Entry> list(const std::string& directory) = 0;
  // The content of a file, if it exists and is not larger than `most_bytes`.
  virtual std::optional<std::string> read(const std::string& path, size_t most_bytes) = 0;
};

Pipeline expand(RevisionFiles& files);

// On the default branch every build runs to its end: there, a newer one does not end the older
// ones. Where nobody knows which branch that is, none does. For whoever submits what was expanded.
inline void keep_builds_of_default_branch(Pipeline& pipeline, const std::string& ref,
                                          const std::optional<std::string>& default_branch) {
  if (pipeline.concurrency && (!default_branch || *default_branch == ref))
    pipeline.concurrency->cancel_in_progress = false;
}

}  // namespace seaworthy::pipeline
