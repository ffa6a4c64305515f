// LabelSets numbers the different sets of labels that unfinished jobs ask for, so that a job keeps
// a number instead of texts and workers are compared with few sets instead of many jobs. Number 0
// is the empty set, which every worker has. A number whose jobs have all finished may be given to
// another set: whoever keeps something by number learns of it by take_new().
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shared/base/ids.h"

namespace seaworthy::broker {

// Sorted, each once.
using Labels = std::vector<std::string>;
using LabelSetId = Id<struct LabelSetTag, uint32_t>;

inline constexpr LabelSetId kNoLabels{0};

Labels sorted(Labels labels);
bool has_all(const Labels& worker, const Labels& wanted);
// Those that the worker has not.
Labels missing(const Labels& worker, const Labels& wanted);
// "gpu=h200, linux"
std::string joined(const Labels& labels);

class LabelSets {
 public:
  LabelSets();

  // The number of these labels, for one job more.
  LabelSetId enter(const Labels& labels);
  // For one job less.
  void leave(LabelSetId id);

  std::optional<LabelSetId> find(const Labels& labels) const;
  const Labels& labels(LabelSetId id) const { return sets_[id.value].labels; }
  // Numbers are below this.
  uint32_t size() const { return static_cast<uint32_t>(sets_.size()); }
  // Sets that some job asks for, the empty one not counted.
  size_t in_use() const { return in_use_; }
  // Numbers that mean something else than when this was last asked.
  std::vector<LabelSetId> take_new();

 private:
  struct Set {
    Labels labels;
    uint64_t jobs = 0;
  };
  LabelSetId number(const Labels& labels);

  std::vector<Set> sets_;
  std::map<Labels, LabelSetId> ids_;
  std::vector<LabelSetId> new_;
  size_t in_use_ = 0;
};

}  // namespace seaworthy::broker
