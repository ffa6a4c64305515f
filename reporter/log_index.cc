#include "reporter/log_index.h"

#include <algorithm>

namespace seaworthy::reporter {
namespace {

// The last place of which `is_before` holds; it holds of the first one always.
template <class IsBefore>
const LogPosition& last_before(const std::vector<LogPosition>& places, IsBefore is_before) {
  const auto after = std::partition_point(places.begin() + 1, places.end(), is_before);
  return *(after - 1);
}

}  // namespace

void LogIndex::take(std::string_view bytes, bool is_end) {
  std::string joined;
  if (!unfinished_.empty()) {
    joined = unfinished_;
    joined += bytes;
    bytes = joined;
  }
  while (const std::optional<LogRow> row = next_row(bytes, end_, is_end)) {
    bytes.remove_prefix(static_cast<size_t>(row->next.offset - end_.offset));
    end_ = row->next;
    if (end_.offset >= places_.back().offset + spacing_) remember();
  }
  unfinished_ = std::string(bytes);
}

void LogIndex::remember() {
  places_.push_back(end_);
  if (places_.size() <= kMostPlaces) return;
  size_t kept = 0;
  for (size_t i = 0; i < places_.size(); i += 2) places_[kept++] = places_[i];
  places_.resize(kept);
  spacing_ *= 2;
}

const LogPosition& LogIndex::before_row(uint64_t row) const {
  return last_before(places_, [row](const LogPosition& place) { return place.row <= row; });
}

const LogPosition& LogIndex::before_line(uint64_t line) const {
  return last_before(places_, [line](const LogPosition& place) {
    return place.line < line || (place.line == line && !place.continues);
  });
}

const LogPosition& LogIndex::before_offset(uint64_t offset) const {
  return last_before(places_,
                     [offset](const LogPosition& place) { return place.offset <= offset; });
}

}  // namespace seaworthy::reporter
