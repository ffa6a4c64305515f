// Globs of paths below a workspace: `*` and `?` within a name, `**` for any number of directories.
// Everything else stands for itself. A walk asks it from directory to directory, so that only those
// are opened in which something can be. Pure; the time is bounded by lengths of pattern and name.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace seaworthy::worker::reports {

class Globs {
 public:
  // Places in patterns that a path has reached so far.
  struct Reached {
    size_t pattern = 0;
    size_t part = 0;
    bool operator==(const Reached&) const = default;
  };
  using State = std::vector<Reached>;

  explicit Globs(const std::vector<std::string>& patterns);

  // At the workspace itself.
  State start() const;
  // In the directory `name` of a directory; empty: nothing can be in it.
  State enter(const State& state, std::string_view name) const;
  // Whether the file `name` of the directory is one that is looked for.
  bool matches(const State& state, std::string_view name) const;

 private:
  void reach(State& state, size_t pattern, size_t part) const;

  std::vector<std::vector<std::string>> patterns_;  // in parts
};

}  // namespace seaworthy::worker::reports
