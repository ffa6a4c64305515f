#include "reporter/news/config.h"

#include <algorithm>

#include "reporter/news/core/address.h"
#include "reporter/news/target_values.h"
#include "shared/model/limits.h"
#include "shared/pipeline/nearest.h"
#include "shared/pipeline/nodes.h"

namespace seaworthy::reporter::news {
namespace {

using pipeline::Parsed;
using pipeline::SourceError;
using pipeline::wrong;
using pipeline::wrong_type;
using pipeline::YamlEntry;
using pipeline::YamlNode;
using NodeKind = YamlNode::Kind;

constexpr size_t kGlobBytes = 512;
constexpr size_t kBranches = 64;  // globs of one rule

Parsed<std::string> parse_glob(const YamlNode& node, const std::string& what) {
  if (node.kind != NodeKind::Text) return wrong_type(node, what, "a text, such as main or v*");
  if (node.text.empty() || node.text.size() > kGlobBytes)
    return wrong(node.at, what + " must have 1 to " + std::to_string(kGlobBytes) + " bytes");
  return node.text;
}

// A text, or a list of them.
std::vector<const YamlNode*> one_or_more(const YamlNode& node) {
  if (node.kind != NodeKind::List) return {&node};
  std::vector<const YamlNode*> nodes;
  for (const YamlNode& item : node.items) nodes.push_back(&item);
  return nodes;
}

Parsed<Done> parse_branches(const YamlNode& node, Rule& rule) {
  const std::vector<const YamlNode*> nodes = one_or_more(node);
  if (nodes.empty() || nodes.size() > kBranches)
    return wrong(node.at, "branch must be one or a list of 1 to " + std::to_string(kBranches));
  rule.branches.clear();
  for (const YamlNode* item : nodes) {
    auto glob = parse_glob(*item, "a branch");
    if (!glob) return Unexpected{glob.error()};
    rule.branches.push_back(*std::move(glob));
  }
  return Done{};
}

Parsed<Done> parse_recipients(const YamlNode& node, Rule& rule) {
  const std::vector<const YamlNode*> nodes = one_or_more(node);
  if (nodes.empty() || nodes.size() > limits::kMailRecipients)
    return wrong(node.at, "to must be author, an address, or a list of 1 to " +
                              std::to_string(limits::kMailRecipients) + " of them");
  for (const YamlNode* item : nodes) {
    if (item->kind != NodeKind::Text) return wrong_type(*item, "to", "author or an address");
    if (item->text == "author")
      rule.to_author = true;
    else if (is_address(item->text))
      rule.to.push_back(item->text);
    else
      return wrong(item->at, "'" + item->text +
                                 "' is neither author nor a plain address such as "
                                 "team@example.org");
  }
  return Done{};
}

Parsed<When> parse_when(const YamlNode& node) {
  if (node.kind == NodeKind::Text && node.text == "failure") return When::Failure;
  if (node.kind == NodeKind::Text && node.text == "change") return When::Change;
  if (node.kind == NodeKind::Text && node.text == "always") return When::Always;
  const auto meant = pipeline::nearest(node.text, {"failure", "change", "always"});
  return wrong(node.at, "when must be failure, change or always" +
                            (meant ? "; did you mean " + *meant + "?" : std::string()));
}

Parsed<size_t> parse_target_name(const YamlNode& rule, const Plan& plan) {
  const YamlEntry* entry = pipeline::find(rule, "target");
  if (entry == nullptr)
    return wrong(rule.at, "a rule has no target; write the name of one of the targets");
  std::vector<std::string> names;
  for (const Target& target : plan.targets) names.push_back(target.name);
  const auto found = std::find(names.begin(), names.end(), entry->value.text);
  if (found != names.end()) return static_cast<size_t>(found - names.begin());
  const auto meant = pipeline::nearest(entry->value.text, names);
  return wrong(entry->value.at, "there is no target '" + entry->value.text + "'" +
                                    (meant ? "; did you mean '" + *meant + "'?" : std::string()));
}

// What a rule may only say to some kinds of targets.
Parsed<Done> check_fits(const YamlNode& node, const Target& target) {
  const bool is_mail = target.kind == Kind::Mail;
  const YamlEntry* to = pipeline::find(node, "to");
  if (is_mail && to == nullptr)
    return wrong(node.at, "a rule for the mail target '" + target.name +
                              "' needs to: author, an address, or a list of them");
  if (!is_mail && to != nullptr)
    return wrong(to->at, "to is for mail, and '" + target.name + "' is not; remove it");
  const YamlEntry* project = pipeline::find(node, "project");
  if (project != nullptr && !is_forge(target.kind))
    return wrong(project->at, "project is for commit statuses, which '" + target.name +
                                  "' does not set; remove it");
  const YamlEntry* when = pipeline::find(node, "when");
  if (when != nullptr && is_forge(target.kind))
    return wrong(when->at,
                 "a commit's status is always set, or it would stay pending; remove when");
  return Done{};
}

Parsed<Done> parse_project(const YamlNode& node, Rule& rule) {
  const bool good = node.kind == NodeKind::Text && node.text.size() <= kGlobBytes &&
                    node.text.find('/') != std::string::npos &&
                    node.text.find("..") == std::string::npos && node.text.front() != '/' &&
                    node.text.back() != '/' &&
                    node.text.find_first_of(" \n\t?#%\\") == std::string::npos;
  if (!good) return wrong(node.at, "project must be as the forge names it: owner/name");
  rule.project = node.text;
  return Done{};
}

Parsed<Rule> parse_rule(const YamlNode& node, const Plan& plan) {
  if (node.kind != NodeKind::Map) return wrong_type(node, "a rule", "a map with target");
  const std::vector<std::string> keys{"repository", "branch", "when", "target", "to", "project"};
  if (auto good = pipeline::check_keys(node, "in a rule", keys); !good)
    return Unexpected{good.error()};
  auto target = parse_target_name(node, plan);
  if (!target) return Unexpected{target.error()};
  Rule rule;
  rule.target = *target;
  if (auto fits = check_fits(node, plan.targets[rule.target]); !fits)
    return Unexpected{fits.error()};
  Parsed<Done> good = Done{};
  for (const YamlEntry& entry : node.entries) {
    if (entry.key == "repository") {
      auto glob = parse_glob(entry.value, "repository");
      if (!glob) return Unexpected{glob.error()};
      rule.repository = *std::move(glob);
    } else if (entry.key == "when") {
      auto when = parse_when(entry.value);
      if (!when) return Unexpected{when.error()};
      rule.when = *when;
    } else if (entry.key == "branch") {
      good = parse_branches(entry.value, rule);
    } else if (entry.key == "to") {
      good = parse_recipients(entry.value, rule);
    } else if (entry.key == "project") {
      good = parse_project(entry.value, rule);
    }
    if (!good) return Unexpected{good.error()};
  }
  return rule;
}

Parsed<Done> parse_rules(const YamlNode& node, Plan& plan) {
  if (node.kind != NodeKind::List)
    return wrong_type(node, "rules", "a list, each line starting with '- '");
  if (node.items.size() > limits::kNewsRules)
    return wrong(node.items[limits::kNewsRules].at,
                 "there are at most " + std::to_string(limits::kNewsRules) + " rules");
  for (const YamlNode& item : node.items) {
    auto rule = parse_rule(item, plan);
    if (!rule) return Unexpected{rule.error()};
    plan.rules.push_back(*std::move(rule));
  }
  return Done{};
}

}  // namespace

Result<ParsedPlan, SourceError> parse_plan(std::string_view text,
                                           const Surroundings& surroundings) {
  auto root = pipeline::load_yaml(text);
  if (!root) return Unexpected{root.error()};
  if (root->kind != NodeKind::Map)
    return wrong_type(*root, "the file", "a map with targets and rules");
  if (auto good = pipeline::check_keys(*root, "in this file", {"targets", "rules"}); !good)
    return Unexpected{good.error()};
  const YamlEntry* targets = pipeline::find(*root, "targets");
  const YamlEntry* rules = pipeline::find(*root, "rules");
  if (targets == nullptr || rules == nullptr)
    return wrong(root->at, "the file must have targets and rules");
  if (targets->value.kind != NodeKind::Map)
    return wrong_type(targets->value, "targets", "a map of names and what they are");
  if (targets->value.entries.size() > limits::kNewsTargets)
    return wrong(targets->at,
                 "there are at most " + std::to_string(limits::kNewsTargets) + " targets");
  ParsedPlan parsed;
  for (const YamlEntry& entry : targets->value.entries) {
    auto target = parse_target(entry, surroundings, parsed.holds_secrets);
    if (!target) return Unexpected{target.error()};
    parsed.plan.targets.push_back(*std::move(target));
  }
  if (auto good = parse_rules(rules->value, parsed.plan); !good) return Unexpected{good.error()};
  return parsed;
}

}  // namespace seaworthy::reporter::news
