// Commits and trees out of git's raw objects. Pure: bytes in, values out; malformed bytes give what
// could be read.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace seaworthy::git {

struct Commit {
  std::string tree;
  std::vector<std::string> parents;
  std::string subject;  // first line of the message
  std::string author;   // "A. Author <author@example.org>"
};

struct TreeEntry {
  enum class Kind : unsigned char { File, Link, Directory, Submodule };
  Kind kind = Kind::File;
  std::string id;
};
using Tree = std::map<std::string, TreeEntry>;

// Texts are cut to limits::kSubjectBytes and are valid UTF-8 without control characters, whatever
// the commit has.
Commit parse_commit(std::string_view object);
// `id_bytes`: 20 for SHA-1, 32 for SHA-256.
Tree parse_tree(std::string_view object, size_t id_bytes);

// `text` for a line: invalid UTF-8 and control characters replaced, at most `most_bytes`.
std::string printable(std::string_view text, size_t most_bytes);

}  // namespace seaworthy::git
