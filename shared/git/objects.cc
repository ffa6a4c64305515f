#include "shared/git/objects.h"

#include <cstdint>

#include "shared/base/utf8.h"
#include "shared/model/limits.h"

namespace seaworthy::git {
namespace {

std::string_view line_at(std::string_view text, size_t start) {
  return text.substr(start, text.find('\n', start) - start);
}

std::string hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (char byte : bytes) {
    text.push_back(kDigits[static_cast<uint8_t>(byte) >> 4]);
    text.push_back(kDigits[static_cast<uint8_t>(byte) & 15]);
  }
  return text;
}

TreeEntry::Kind kind_of(std::string_view mode) {
  if (mode == "40000" || mode == "040000") return TreeEntry::Kind::Directory;
  if (mode == "120000") return TreeEntry::Kind::Link;
  if (mode == "160000") return TreeEntry::Kind::Submodule;
  return TreeEntry::Kind::File;
}

}  // namespace

std::string printable(std::string_view text, size_t most_bytes) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  std::string result;
  while (!text.empty()) {
    size_t length = utf8_sequence_length(text);
    std::string_view next = length == 0 ? kReplacement : text.substr(0, length);
    uint8_t first = static_cast<uint8_t>(next[0]);
    bool control =
        first < 0x20 || first == 0x7f || (first == 0xc2 && static_cast<uint8_t>(next[1]) < 0xa0);
    if (control) next = " ";
    if (result.size() + next.size() > most_bytes) break;
    result.append(next);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return result;
}

Commit parse_commit(std::string_view object) {
  Commit commit;
  size_t start = 0;
  while (start < object.size() && object[start] != '\n') {
    std::string_view line = line_at(object, start);
    if (line.starts_with("tree ")) commit.tree = line.substr(5);
    if (line.starts_with("parent ")) commit.parents.emplace_back(line.substr(7));
    if (line.starts_with("author ") && commit.author.empty())
      commit.author = printable(line.substr(7, line.rfind('>') - 6), limits::kSubjectBytes);
    start += line.size() + 1;
  }
  while (start < object.size() && object[start] == '\n') ++start;
  if (start < object.size())
    commit.subject = printable(line_at(object, start), limits::kSubjectBytes);
  return commit;
}

Tree parse_tree(std::string_view object, size_t id_bytes) {
  Tree tree;
  while (!object.empty()) {
    size_t space = object.find(' '), zero = object.find('\0');
    if (space > zero || zero == std::string_view::npos || object.size() < zero + 1 + id_bytes)
      break;
    TreeEntry entry{kind_of(object.substr(0, space)), hex(object.substr(zero + 1, id_bytes))};
    tree.emplace(object.substr(space + 1, zero - space - 1), std::move(entry));
    object.remove_prefix(zero + 1 + id_bytes);
  }
  return tree;
}

}  // namespace seaworthy::git
