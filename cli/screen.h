// Screen is where a command's words go: answers to stdout, remarks to stderr, colours only where a
// person looks on. A reader that closed the pipe early is normal: what follows is dropped quietly.
// Needs SIGPIPE ignored. One thread.
#pragma once

#include <string_view>

#include "cli/render/style.h"

namespace seaworthy::cli {

class Screen {
 public:
  // Looks at the terminal and at NO_COLOR once.
  static Screen of_this_process();
  Screen(int out_fd, int remark_fd, render::Style style);

  void out(std::string_view text);
  // One line; the newline is added.
  void line(std::string_view text);
  // One line to stderr, with our name before it.
  void remark(std::string_view text);
  // To stderr, as it is.
  void explain(std::string_view text);

  const render::Style& style() const { return style_; }
  // The reader of stdout is gone.
  bool closed() const { return closed_; }
  // stdout took less than it was given, for another reason than a reader that left: a full disk.
  bool failed() const { return failed_; }

 private:
  int out_fd_;
  int remark_fd_;
  render::Style style_;
  bool closed_ = false;
  bool failed_ = false;
};

}  // namespace seaworthy::cli
