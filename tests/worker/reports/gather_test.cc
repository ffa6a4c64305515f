// What counts as a report of a job: files in its workspace that it wrote itself, or else its words.
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "shared/model/limits.h"
#include "tests/support/catch.h"
#include "tests/support/folder.h"
#include "worker/reports/gather.h"
#include "worker/reports/glob.h"

using namespace seaworthy;
using namespace seaworthy::worker::reports;
namespace fs = std::filesystem;

namespace {

bool fits(const std::string& pattern, const std::string& path) {
  const Globs globs({pattern});
  Globs::State state = globs.start();
  size_t start = 0;
  for (size_t slash; (slash = path.find('/', start)) != std::string::npos; start = slash + 1)
    state = globs.enter(state, path.substr(start, slash - start));
  return globs.matches(state, path.substr(start));
}

class Workspace {
 public:
  void write(const std::string& name, const std::string& text) {
    fs::create_directories((path() / name).parent_path());
    std::ofstream(path() / name, std::ios::binary) << text;
  }
  // A report with one failed test of this name.
  void report(const std::string& file, const std::string& test) {
    write(file, "<testsuite><testcase name='" + test + "'><failure/></testcase></testsuite>");
  }
  void begin() { since_ = mark_time(); }
  fs::path path() const { return folder_.path() / "work"; }
  fs::path outside() const { return folder_.path(); }
  TestReport look(const ReportGlobs& globs = {}, const std::string& output = "") {
    std::ofstream(folder_.path() / "output", std::ios::binary) << output;
    return gather({path(), globs, folder_.path() / "output", since_});
  }

 private:
  Folder folder_;
  std::timespec since_{};
};

std::vector<std::string> names(const TestReport& report) {
  std::vector<std::string> list;
  for (const TestResult& test : report.tests) list.push_back(test.name);
  return list;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("reports that are there before the first step are told from those of the job") {
  Workspace work;
  const bool is_there = GENERATE(true, false);
  const ReportGlobs globs = GENERATE(ReportGlobs{}, ReportGlobs{{"junit.xml"}, {}});
  if (is_there) work.report("junit.xml", "of the revision");
  const std::timespec since = mark_time_of_reports(work.path(), globs);
  if (is_there) CHECK(gather({work.path(), globs, work.outside() / "none", since}).tests.empty());
  work.report("junit.xml", "of the job");
  CHECK(names(gather({work.path(), globs, work.outside() / "none", since})) == Names{"of the job"});
}

TEST_CASE("globs: a star stays within a name, two of them go to any depth") {
  CHECK(fits("junit.xml", "junit.xml"));
  CHECK_FALSE(fits("junit.xml", "a/junit.xml"));
  CHECK(fits("*.xml", "a.xml"));
  CHECK_FALSE(fits("*.xml", "a/b.xml"));
  CHECK(fits("./a//b?.xml", "a/b1.xml"));
  CHECK(fits("**/TEST-*.xml", "TEST-a.xml"));
  CHECK(fits("**/TEST-*.xml", "a/b/c/TEST-a.xml"));
  CHECK(fits("a/**/b/*.xml", "a/b/x.xml"));
  CHECK(fits("a/**/b/*.xml", "a/1/2/b/x.xml"));
  CHECK_FALSE(fits("a/**/b/*.xml", "a/1/2/x.xml"));
  CHECK(fits("out/**", "out/a/b"));
  CHECK_FALSE(fits("[a].xml", "a.xml"));
  CHECK_FALSE(fits("*a*a*a*a*a*a*a*a*a*b", std::string(10'000, 'a')));
}

TEST_CASE("reports in the usual places are found; those of the repository itself do not count") {
  Workspace workspace;
  workspace.report("junit.xml", "of the repository");
  workspace.report("test-results/old.xml", "as well");
  workspace.begin();
  CHECK(workspace.look().counts.all() == 0);
  workspace.report("test-results/new.xml", "new");
  workspace.report("shop/target/surefire-reports/TEST-shop.xml", "maven");
  workspace.report("somewhere/else.xml", "no usual place");
  workspace.write("reports/coverage.xml", "<coverage/>");
  workspace.write("results.tap", "1..1\nnot ok 1 - tap\n");
  const TestReport report = workspace.look();
  CHECK(names(report) == Names{"tap", "maven", "new"});
  CHECK(report.notes.empty());
}

TEST_CASE("named places are looked at instead; what does not fit is said") {
  Workspace workspace;
  workspace.begin();
  workspace.report("junit.xml", "usual");
  workspace.report("out/a/deep.xml", "deep");
  CHECK(names(workspace.look({{"out/**/*.xml"}, {}})) == Names{"deep"});
  const TestReport none = workspace.look({{"nowhere/*.xml"}, {"x.tap"}});
  CHECK(none.notes ==
        Names{"no report was found: no file that this job wrote fits nowhere/*.xml, x.tap"});
  workspace.write("out/coverage.xml", "<coverage/>");
  CHECK(workspace.look({{"out/*.xml"}, {}}).notes.at(0).starts_with("out/coverage.xml was not"));
}

TEST_CASE("words in the output count only where there is no report") {
  const std::string words = "1..1\nnot ok 1 - words\n";
  Workspace workspace;
  workspace.begin();
  CHECK(names(workspace.look({}, words)) == Names{"words"});
  workspace.write("junit.xml", "<testsuite");
  const TestReport broken = workspace.look({}, words);
  CHECK(names(broken) == Names{"words"});
  CHECK(broken.notes.at(0).starts_with("junit.xml was not read to its end: line 1: "));
  workspace.report("report.xml", "file");
  CHECK(names(workspace.look({}, words)) == Names{"file"});
}

TEST_CASE(
    "no link is followed, no pipe, socket or device is opened, nothing out of the workspace") {
  Workspace workspace;
  workspace.begin();
  fs::create_directories(workspace.path() / "reports");
  fs::create_directories(workspace.outside() / "secret");
  std::ofstream(workspace.outside() / "secret/junit.xml")
      << "<testsuite><testcase name='secret'/></testsuite>";
  fs::create_symlink(workspace.outside() / "secret/junit.xml", workspace.path() / "junit.xml");
  fs::create_directory_symlink(workspace.outside() / "secret", workspace.path() / "test-results");
  fs::create_symlink("/dev/zero", workspace.path() / "report.xml");
  fs::create_directory_symlink(".", workspace.path() / "reports/loop");
  REQUIRE(mkfifo((workspace.path() / "reports/pipe.xml").c_str(), 0600) == 0);
  fs::create_directory(workspace.path() / "test_detail.xml");
  const TestReport report = workspace.look({{"**/*.xml", "reports/*.xml", "secret/*"}, {}});
  CHECK(report.counts.all() == 0);
  CHECK(workspace.look().counts.all() == 0);
}

TEST_CASE("reports that are too large or too many are left out, and a note says which") {
  Workspace workspace;
  workspace.begin();
  workspace.write("reports/large.xml", "");
  fs::resize_file(workspace.path() / "reports/large.xml", limits::kReportFileBytes + 1);
  workspace.report("reports/small.xml", "small");
  const TestReport report = workspace.look();
  CHECK(names(report) == Names{"small"});
  CHECK(report.notes ==
        Names{"reports/large.xml was not read: it has 16 MiB, and at most 16 MiB are read"});
  for (size_t i = 0; i <= limits::kReportFiles; ++i)
    workspace.write("many/" + std::to_string(10'000 + i) + ".tap", "ok\n");
  const TestReport many = workspace.look({{}, {"many/*.tap"}});
  CHECK(many.counts.passed == limits::kReportFiles);
  REQUIRE(many.notes.size() == 1);
  CHECK(many.notes[0].find("and what comes after it was not read") != std::string::npos);
}

TEST_CASE("a report that was written right after the checkout counts, one right before does not") {
  for (int i = 0; i < 20; ++i) {
    Workspace workspace;
    workspace.report("junit.xml", "before");
    workspace.begin();
    workspace.report("report.xml", "after");
    CHECK(names(workspace.look()) == Names{"after"});
  }
}
