#include "shared/git/revision_reader.h"

#include <utility>

#include "shared/model/limits.h"
#include "shared/pipeline/expand.h"

namespace seaworthy::git {
namespace {

constexpr size_t kCachedBytes = 32 * 1024 * 1024;
constexpr size_t kObjectBytes = 16 * 1024 * 1024;  // of a commit or a tree
constexpr size_t kFileBytes = 256 * 1024;          // of a file that conventions look into
constexpr size_t kLongestChain = 16;
constexpr int kLinks = 5;  // that lead from one to the next

std::string joined(const std::filesystem::path& base, const std::string& name) {
  return (base / name).lexically_normal().generic_string();
}

}  // namespace

// One revision's files, as expand() wants to see them. A git error is kept, to be asked for
// afterwards, since expand() knows no errors of this kind.
class FilesOfRevision final : public pipeline::RevisionFiles {
 public:
  FilesOfRevision(RevisionReader& reader, std::string root)
      : reader_(reader), root_(std::move(root)) {}

  std::vector<Entry> list(const std::string& directory) override {
    std::vector<Entry> entries;
    auto found = find(directory, 0);
    if (!found || found->kind != TreeEntry::Kind::Directory) return entries;
    if (const Tree* tree = read_tree(found->id))
      for (const auto& [name, entry] : *tree)
        entries.push_back({name, entry.kind == TreeEntry::Kind::Directory});
    return entries;
  }

  std::optional<std::string> read(const std::string& path, size_t most_bytes) override {
    auto found = find(path, 0);
    if (!found || found->kind != TreeEntry::Kind::File) return std::nullopt;
    return read_file(found->id, most_bytes);
  }

  // What stands at `path`, through symbolic links inside the revision.
  std::optional<TreeEntry> find(const std::string& path, int links) {
    TreeEntry here{TreeEntry::Kind::Directory, root_};
    std::filesystem::path walked;
    for (const auto& part : std::filesystem::path(path)) {
      const Tree* tree = here.kind == TreeEntry::Kind::Directory ? read_tree(here.id) : nullptr;
      if (tree == nullptr) return std::nullopt;
      auto entry = tree->find(part.string());
      if (entry == tree->end()) return std::nullopt;
      here = entry->second;
      if (here.kind == TreeEntry::Kind::Link) {
        auto target = read_file(here.id, limits::kRepositoryBytes);
        if (!target || links >= kLinks || target->starts_with('/')) return std::nullopt;
        auto there = find(joined(walked, *target), links + 1);
        if (!there) return std::nullopt;
        here = *there;
      }
      walked /= part;
    }
    return here;
  }

  const std::optional<std::string>& error() const { return error_; }

 private:
  const Tree* read_tree(const std::string& id) {
    auto tree = reader_.tree(id);
    if (tree) return *tree;
    error_ = tree.error();
    return nullptr;
  }

  std::optional<std::string> read_file(const std::string& id, size_t most_bytes) {
    auto cached = reader_.files_.find(id);
    if (cached == reader_.files_.end()) {
      auto object = reader_.objects_.read(id, kFileBytes);
      if (!object) {
        error_ = object.error();
        return std::nullopt;
      }
      reader_.make_room(*object ? (*object)->size() : id.size());
      cached = reader_.files_.emplace(id, std::move(*object)).first;
    }
    if (!cached->second || cached->second->size() > most_bytes) return std::nullopt;
    return cached->second;
  }

  RevisionReader& reader_;
  std::string root_;
  std::optional<std::string> error_;
};

RevisionReader::RevisionReader(std::filesystem::path git_directory,
                               std::vector<std::string> environment)
    : objects_(std::move(git_directory), std::move(environment)) {}

void RevisionReader::make_room(size_t bytes) {
  cached_bytes_ += bytes + 256;
  if (cached_bytes_ <= kCachedBytes) return;
  trees_.clear(), files_.clear(), pipelines_.clear();
  cached_bytes_ = bytes;
}

Result<const Tree*> RevisionReader::tree(const std::string& id) {
  auto cached = trees_.find(id);
  if (cached != trees_.end()) return &cached->second;
  auto object = objects_.read(id, kObjectBytes);
  if (!object) return Unexpected{object.error()};
  const Tree* none = nullptr;
  if (!*object) return none;
  make_room((*object)->size());
  return &trees_.emplace(id, parse_tree(**object, id.size() / 2)).first->second;
}

Result<Pipeline> RevisionReader::expand(const std::string& root) {
  FilesOfRevision files(*this, root);
  auto own = files.find(std::string(pipeline::kFileName), 0);
  std::string key = own ? own->id : root;
  if (auto cached = pipelines_.find(key); cached != pipelines_.end()) return cached->second;
  Pipeline expanded = pipeline::expand(files);
  if (files.error()) return Unexpected{*files.error()};
  make_room(limits::kPipelineFileBytes / 16);
  return pipelines_.emplace(key, std::move(expanded)).first->second;
}

Result<RevisionReader::Description> RevisionReader::describe(const std::string& revision) {
  auto object = objects_.read(revision, kObjectBytes);
  if (!object) return Unexpected{object.error()};
  if (!*object) return Unexpected{"the commit " + revision + " is too large"};
  Commit commit = parse_commit(**object);
  auto expanded = expand(commit.tree);
  if (!expanded) return Unexpected{expanded.error()};
  return Description{std::move(commit.subject), std::move(commit.author), std::move(*expanded)};
}

std::optional<std::vector<std::string>> RevisionReader::chain(const std::string& tip,
                                                              const std::string& from) {
  std::vector<std::string> commits;
  for (std::string next = tip; next != from;) {
    auto object = objects_.read(next, kObjectBytes);
    if (!object || !*object || commits.size() == kLongestChain) return std::nullopt;
    Commit commit = parse_commit(**object);
    if (commit.parents.size() != 1) return std::nullopt;
    commits.push_back(std::exchange(next, std::move(commit.parents.front())));
  }
  return commits;
}

}  // namespace seaworthy::git
