// DiskSpace tells how much room is left where the broker writes, and keeps a ballast: a file whose
// room is given up when the rest is gone, so that the outcomes of running jobs can still be taken.
// Measured from the least that shall be free (L): below L the broker takes no new work; below L/64
// the ballast of L/8 goes; below L/64 without ballast nothing can be written any more. Used by one
// thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace seaworthy::broker {

enum class Space : uint8_t { Enough, Low, None };

class DiskSpace {
 public:
  // `directories` must exist; the ballast lies in the first one.
  DiskSpace(std::vector<std::filesystem::path> directories, uint64_t least_free_bytes);

  // Gives up the ballast or lays it in again, where that is due. Throws std::runtime_error if a
  // directory cannot be asked.
  Space look();
  uint64_t free_bytes() const { return free_; }  // as last seen, without the ballast

 private:
  uint64_t measure() const;
  bool lay_in_ballast();

  std::vector<std::filesystem::path> directories_;
  std::filesystem::path ballast_;
  uint64_t least_;
  uint64_t free_ = 0;
  bool has_ballast_ = false;
  Space seen_ = Space::Enough;
};

}  // namespace seaworthy::broker
