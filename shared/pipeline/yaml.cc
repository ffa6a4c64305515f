#include "shared/pipeline/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

#include "shared/base/utf8.h"

namespace seaworthy::pipeline {
namespace {

constexpr size_t kDepth = 16;
constexpr size_t kNodes = 20'000;
constexpr size_t kTextBytes = 256 * 1024;

Position position_of(const YAML::Mark& mark) {
  return {static_cast<size_t>(std::max(mark.line, 0)) + 1,
          static_cast<size_t>(std::max(mark.column, 0)) + 1};
}

// yaml-cpp's parser can only be stopped by an exception; load_yaml() turns it into a value.
struct Stop {
  SourceError error;
};

[[noreturn]] void stop(Position at, std::string text) { throw Stop{{at, std::move(text)}}; }

// Builds our tree out of the parser's events. Containers under construction are on the stack.
class TreeBuilder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1)
      stop(position_of(mark), "a second document starts here; keep one, and remove the '---'");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add({YamlNode::Kind::Null, false, position_of(mark), {}, {}, {}}, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto anchored = anchors_.find(anchor);
    if (anchored == anchors_.end())
      stop(position_of(mark), "this alias stands inside what it names");
    count(anchored->second, 0);
    YamlNode copy = anchored->second;
    copy.at = position_of(mark);
    add(std::move(copy), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_tag(mark, tag);
    if (value.find('\0') != std::string::npos)
      stop(position_of(mark), "this text has a zero byte, which no program can be given");
    text_bytes_ += value.size();
    add({YamlNode::Kind::Text, tag == "!", position_of(mark), value, {}, {}}, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::List);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::Map);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

  YamlNode take_root() { return root_ ? std::move(*root_) : YamlNode{}; }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    std::optional<YamlEntry> entry;  // of a map: its key has come, its value not yet
  };

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      stop(position_of(mark), "tags such as " + tag + " mean nothing here; remove it");
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YamlNode::Kind kind) {
    refuse_tag(mark, tag);
    if (open_.size() >= kDepth) stop(position_of(mark), "this is nested too deeply");
    open_.push_back({{kind, false, position_of(mark), {}, {}, {}}, anchor, {}});
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.node), done.anchor);
  }

  // Puts a finished node where it belongs.
  void add(YamlNode node, YAML::anchor_t anchor) {
    if (++nodes_ > kNodes || text_bytes_ > kTextBytes) too_large(node.at);
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (Open& parent = open_.back(); parent.node.kind == YamlNode::Kind::List) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.entry) {
      parent.entry->value = std::move(node);
      // The parser says of a value that is missing where the next thing stands.
      if (parent.entry->value.kind == YamlNode::Kind::Null)
        parent.entry->value.at = parent.entry->at;
      parent.node.entries.push_back(std::move(*parent.entry));
      parent.entry.reset();
    } else {
      add_key(parent, std::move(node));
    }
  }

  void add_key(Open& map, YamlNode key) {
    if (key.kind != YamlNode::Kind::Text) stop(key.at, "a key must be a text");
    for (const YamlEntry& entry : map.node.entries)
      if (entry.key == key.text)
        stop(key.at, "the key '" + key.text + "' stood in line " + std::to_string(entry.at.line) +
                         " already; keep one of them");
    map.entry = YamlEntry{std::move(key.text), key.at, {}};
  }

  // What a copy of `node` adds.
  void count(const YamlNode& node, size_t depth) {
    if (open_.size() + depth >= kDepth) stop(node.at, "this is nested too deeply");
    text_bytes_ += node.text.size();
    if (++nodes_ > kNodes || text_bytes_ > kTextBytes) too_large(node.at);
    for (const YamlNode& item : node.items) count(item, depth + 1);
    for (const YamlEntry& entry : node.entries) {
      text_bytes_ += entry.key.size();
      count(entry.value, depth + 1);
    }
  }

  [[noreturn]] static void too_large(Position at) {
    stop(at, "the file becomes too large here, aliases included; make it simpler");
  }

  int documents_ = 0;
  size_t nodes_ = 0;
  size_t text_bytes_ = 0;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  std::optional<YamlNode> root_;
};

// The first place that is no text.
std::optional<SourceError> find_bad_character(std::string_view text) {
  Position at;
  while (!text.empty()) {
    size_t length = utf8_sequence_length(text);
    if (length == 0) return SourceError{at, "this is not UTF-8; save the file in that encoding"};
    auto first = static_cast<unsigned char>(text[0]);
    if ((first < 0x20 && first != '\n' && first != '\r' && first != '\t') || first == 0x7f)
      return SourceError{at, "a control character stands here; remove it"};
    ++at.column;
    if (first == '\n') at = {at.line + 1, 1};
    text.remove_prefix(length);
  }
  return std::nullopt;
}

}  // namespace

Result<YamlNode, SourceError> load_yaml(std::string_view text) {
  if (auto bad = find_bad_character(text)) return Unexpected{*bad};
  TreeBuilder builder;
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop& stopped) {
    return Unexpected{stopped.error};
  } catch (const YAML::Exception& error) {
    return Unexpected{SourceError{position_of(error.mark), "this is not YAML: " + error.msg}};
  }
  return builder.take_root();
}

}  // namespace seaworthy::pipeline
