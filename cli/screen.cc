#include "cli/screen.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

namespace seaworthy::cli {
namespace {

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t count = write(fd, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<size_t>(count));
    } else if (errno == EAGAIN) {  // someone made the shared terminal or pipe non-blocking
      pollfd writable{fd, POLLOUT, 0};
      poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace

Screen Screen::of_this_process() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
  const bool unwanted = no_color != nullptr && *no_color != '\0';
  return Screen(STDOUT_FILENO, STDERR_FILENO,
                render::Style(isatty(STDOUT_FILENO) == 1 && !dumb && !unwanted));
}

Screen::Screen(int out_fd, int remark_fd, render::Style style)
    : out_fd_(out_fd), remark_fd_(remark_fd), style_(style) {}

void Screen::out(std::string_view text) {
  if (closed_ || failed_) return;
  if (write_all(out_fd_, text)) return;
  (errno == EPIPE ? closed_ : failed_) = true;
}

void Screen::line(std::string_view text) { out(std::string(text) + "\n"); }

void Screen::remark(std::string_view text) {
  (void)write_all(remark_fd_, "seaworthy: " + std::string(text) + "\n");
}

void Screen::explain(std::string_view text) { (void)write_all(remark_fd_, text); }

}  // namespace seaworthy::cli
