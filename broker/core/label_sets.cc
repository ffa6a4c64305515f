#include "broker/core/label_sets.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "shared/base/assert.h"
#include "shared/model/limits.h"

namespace seaworthy::broker {

Labels sorted(Labels labels) {
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  return labels;
}

bool has_all(const Labels& worker, const Labels& wanted) {
  return std::includes(worker.begin(), worker.end(), wanted.begin(), wanted.end());
}

Labels missing(const Labels& worker, const Labels& wanted) {
  Labels rest;
  std::set_difference(wanted.begin(), wanted.end(), worker.begin(), worker.end(),
                      std::back_inserter(rest));
  return rest;
}

std::string joined(const Labels& labels) {
  std::string text;
  for (const std::string& label : labels) text += (text.empty() ? "" : ", ") + label;
  return text;
}

LabelSets::LabelSets() : sets_(1) { ids_.emplace(Labels{}, kNoLabels); }

LabelSetId LabelSets::enter(const Labels& labels) {
  const auto found = ids_.find(labels);
  const LabelSetId id = found != ids_.end() ? found->second : number(labels);
  if (sets_[id.value].jobs++ == 0 && id != kNoLabels) ++in_use_;
  return id;
}

void LabelSets::leave(LabelSetId id) {
  SW_ASSERT(sets_[id.value].jobs > 0);
  if (--sets_[id.value].jobs == 0 && id != kNoLabels) --in_use_;
}

std::optional<LabelSetId> LabelSets::find(const Labels& labels) const {
  const auto found = ids_.find(labels);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<LabelSetId> LabelSets::take_new() { return std::exchange(new_, {}); }

// Those that nobody uses are kept as long as there is room: they come back with the next push.
LabelSetId LabelSets::number(const Labels& labels) {
  LabelSetId id{size()};
  if (sets_.size() >= limits::kLabelSets && in_use_ + 1 < sets_.size()) {
    id = {1};
    while (sets_[id.value].jobs > 0) ++id.value;
    ids_.erase(sets_[id.value].labels);
  } else {
    sets_.emplace_back();
  }
  sets_[id.value].labels = labels;
  ids_[labels] = id;
  new_.push_back(id);
  return id;
}

}  // namespace seaworthy::broker
