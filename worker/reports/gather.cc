#include "worker/reports/gather.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "shared/io/fd.h"
#include "worker/reports/collection.h"
#include "worker/reports/files.h"
#include "worker/reports/junit.h"
#include "worker/reports/output_text.h"

namespace seaworthy::worker::reports {
namespace {

constexpr size_t kTap = 1;  // its place in the lists of globs; that of JUnit is 0

void read_output(const std::filesystem::path& output, Collection& into) {
  io::Fd file(open(output.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return;
  OutputText text;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t count = read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.feed({buffer.data(), static_cast<size_t>(count)});
  }
  text.finish(into);
}

std::string listed(const ReportGlobs& globs) {
  std::string text;
  for (const auto* list : {&globs.junit, &globs.tap})
    for (const std::string& glob : *list) text += (text.empty() ? "" : ", ") + glob;
  return text;
}

bool is_earlier(const std::timespec& a, const std::timespec& b) {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec < b.tv_nsec;
}

}  // namespace

TestReport gather(const Places& places) {
  Collection found;
  const bool were_named = !places.globs.junit.empty() || !places.globs.tap.empty();
  const ReportGlobs globs = were_named ? places.globs : usual_places();
  auto take = [&](ReportFile file) {
    if (file.kind == kTap) return read_tap(file.text, file.path, found);
    const auto read = read_junit(file.text, found);
    // In a usual place there may be other XML, such as a report of coverage.
    if (!read && (were_named || !read.error().is_other_xml))
      found.note(file.path + " was not read to its end: " + read.error().text);
  };
  auto note = [&](const std::string& text) { found.note(text); };
  const size_t fitting =
      FileSearch(places.workspace, places.since).run({globs.junit, globs.tap}, take, note);
  if (were_named && fitting == 0)
    found.note("no report was found: no file that this job wrote fits " + listed(globs));
  if (found.empty()) read_output(places.output, found);
  return found.take();
}

// Files get the time of the kernel's last tick, which lies before now, or, where it is finer, now.
// So a tick is waited for that lies behind now: some milliseconds. Not for ever: a clock may be set
// back.
std::timespec mark_time() {
  constexpr long kLookNs = 500'000;
  constexpr int kLooks = 100;
  std::timespec mark{}, tick{};
  clock_gettime(CLOCK_REALTIME, &mark);
  for (int look = 0; look < kLooks && !is_earlier(mark, tick); ++look) {
    const std::timespec pause{0, kLookNs};
    nanosleep(&pause, nullptr);
    clock_gettime(CLOCK_REALTIME_COARSE, &tick);
  }
  return is_earlier(tick, mark) ? tick : mark;
}

// Named places may be anywhere in a large workspace: looking would take longer than a tick.
std::timespec mark_time_of_reports(const std::filesystem::path& workspace,
                                   const ReportGlobs& globs) {
  if (!globs.junit.empty() || !globs.tap.empty()) return mark_time();
  const ReportGlobs usual = usual_places();
  const size_t there =
      FileSearch(workspace, {})
          .run(
              {usual.junit, usual.tap}, [](const ReportFile&) {}, [](const std::string&) {});
  if (there > 0) return mark_time();
  std::timespec tick{};
  clock_gettime(CLOCK_REALTIME_COARSE, &tick);
  return tick;
}

ReportGlobs usual_places() {
  return {{
              "junit.xml",
              "*-junit.xml",
              "junit-*.xml",
              "junit/*.xml",  // Jest, PHPUnit, nose2
              "report.xml",
              "reports/*.xml",
              "reports/junit/*.xml",  // pytest's examples
              "test-results/*.xml",
              "test-results/*/*.xml",
              "test-reports/*.xml",
              "test-results.xml",
              "test-report.xml",
              "nosetests.xml",  // Mocha, nose
              "rspec.xml",
              "test/reports/*.xml",  // Ruby
              "test_detail.xml",
              "*/test_detail.xml",  // googletest
              "build*/junit.xml",
              "build*/*-junit.xml",
              "build*/junit-*.xml",  // ctest --output-junit
              "build*/test-results/*.xml",
              "build*/reports/*.xml",
              "target/surefire-reports/TEST-*.xml",
              "*/target/surefire-reports/TEST-*.xml",
              "*/*/target/surefire-reports/TEST-*.xml",  // Maven
              "target/failsafe-reports/TEST-*.xml",
              "*/target/failsafe-reports/TEST-*.xml",
              "*/build/test-results/*/TEST-*.xml",  // Gradle
              "build/test-results/*/TEST-*.xml",
              "target/nextest/*/junit.xml",
          },
          {"*.tap", "tap/*.tap", "test-results/*.tap", "reports/*.tap"}};
}

}  // namespace seaworthy::worker::reports
