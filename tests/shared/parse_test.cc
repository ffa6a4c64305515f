#include "shared/pipeline/parse.h"

#include "shared/model/limits.h"
#include "shared/model/message_bytes.h"
#include "shared/pipeline/nearest.h"
#include "tests/support/catch.h"

using namespace seaworthy;
using pipeline::parse;

namespace {

std::vector<JobSpec> parsed(std::string_view text) {
  auto jobs = parse(text);
  INFO((jobs ? std::string() : jobs.error().text));
  REQUIRE(jobs);
  return jobs->jobs;
}

// "line:column: text" of the error.
std::string error_of(std::string_view text) {
  auto jobs = parse(text);
  if (jobs) return "no error";
  return std::to_string(jobs.error().at.line) + ":" + std::to_string(jobs.error().at.column) +
         ": " + jobs.error().text;
}

bool starts(const std::string& text, std::string_view with) {
  UNSCOPED_INFO(text);
  return text.starts_with(with);
}

}  // namespace

TEST_CASE("a pipeline file gives jobs in the order of the file") {
  auto jobs = parsed(R"(
env: {LANG: C, MODE: slow}
jobs:
  build:
    run: make
  test:
    needs: build
    timeout-minutes: 0.5
    env: {MODE: fast, N: 010, ON: yes}
    steps:
      - make check
      - name: Integration
        run: |
          ./start
          ./integrate
        env: {PORT: 1}
)");
  REQUIRE(jobs.size() == 2);
  CHECK(jobs[0].name == "build");
  CHECK(jobs[0].steps == std::vector<Step>{{"make", "make", {}}});
  CHECK(jobs[0].timeout == limits::kDefaultTimeout);
  CHECK(jobs[0].env.at("MODE") == "slow");
  CHECK(jobs[1].needs == std::vector<std::string>{"build"});
  CHECK(jobs[1].timeout == Duration{30'000});
  CHECK(jobs[1].env == std::map<std::string, std::string>{
                           {"LANG", "C"}, {"MODE", "fast"}, {"N", "010"}, {"ON", "yes"}});
  CHECK(jobs[1].steps[0].name == "make check");
  CHECK(jobs[1].steps[1] == Step{"Integration", "./start\n./integrate\n", {{"PORT", "1"}}});
}

TEST_CASE("a pipeline of one job needs no jobs") {
  auto jobs = parsed("run: make check\ntimeout-minutes: 5\nenv: {A: b}\n");
  REQUIRE(jobs.size() == 1);
  CHECK(jobs[0].name == "test");
  CHECK(jobs[0].steps[0].run == "make check");
  CHECK(jobs[0].timeout == std::chrono::minutes(5));
  CHECK(parsed("steps: [a, b]")[0].steps.size() == 2);
}

TEST_CASE("anchors and aliases work") {
  auto jobs = parsed("jobs:\n  a: &it\n    run: x\n  b: *it\n");
  REQUIRE(jobs.size() == 2);
  CHECK(jobs[1].steps == jobs[0].steps);
}

TEST_CASE("an unknown key is an error at its place with the nearest right key") {
  CHECK(starts(error_of("jobs:\n  test:\n    step:\n      - x\n    run: y\n"),
               "3:5: unknown key 'step' in job 'test'; did you mean 'steps'?"));
  CHECK(starts(error_of("job:\n  a: {run: x}\n"),
               "1:1: unknown key 'job' at the top; did you mean "
               "'jobs'?"));
  CHECK(starts(error_of("jobs:\n  a: {run: x, timeout: 3}\n"),
               "2:15: unknown key 'timeout' in job 'a'; did you mean 'timeout-minutes'?"));
  CHECK(starts(error_of("jobs:\n  a: {run: x, zzzz: 3}\n"),
               "2:15: unknown key 'zzzz' in job 'a'; the keys in job 'a' are steps, run"));
  CHECK(starts(error_of("jobs:\n  a:\n    script: x\n    run: y"),
               "3:5: unknown key 'script' in job 'a'; did you mean 'run'?"));
  CHECK(starts(error_of("steps:\n - {run: x, nam: y}"), "2:13: unknown key 'nam' in a step"));
}

TEST_CASE("a key that stands twice is an error that names the first line") {
  CHECK(starts(error_of("jobs:\n  a: {run: x}\n  a: {run: y}\n"),
               "3:3: the key 'a' stood in line 2 already"));
}

TEST_CASE("wrong types are errors at their place") {
  CHECK(starts(error_of("- a\n"), "1:1: the file must be a map"));
  CHECK(starts(error_of("jobs: [a]"),
               "1:7: jobs must be a map of names and jobs, and this is a "
               "list"));
  CHECK(starts(error_of("jobs:\n  a: make\n"), "2:6: the job 'a' must be a map"));
  CHECK(starts(error_of("steps: make\n"), "1:8: steps must be a list"));
  CHECK(starts(error_of("steps: [[a]]\n"), "1:9: a step at the top must be a text"));
  CHECK(starts(error_of("run: {a: b}\n"), "1:6: run must be a text"));
  CHECK(starts(error_of("run: x\nenv: [A]\n"), "2:6: env must be a map"));
  CHECK(starts(error_of("run: x\nenv: {A: [1]}\n"), "2:10: the variable A must be a text"));
  CHECK(starts(error_of("run: x\nenv: {A: }\n"), "2:7: the variable A has no value"));
  CHECK(starts(error_of("run: x\nenv: {1A: b}\n"), "2:7: '1A' is no name for a variable"));
  CHECK(starts(error_of("jobs: {a: {run: x, needs: {b: c}}}"), "1:27: needs in job 'a' must be"));
}

TEST_CASE("there must be something to do") {
  CHECK(starts(error_of(""), "1:1: the file is empty"));
  CHECK(starts(error_of("# only a comment\n"), "1:1: the file is empty"));
  CHECK(starts(error_of("jobs: {}\n"), "1:7: there is no job in jobs"));
  CHECK(starts(error_of("jobs:\n  a: {}\n"), "2:6: nothing to do in job 'a'"));
  CHECK(starts(error_of("steps: []\n"), "1:8: steps at the top is empty"));
  CHECK(starts(error_of("run: '  '\n"), "1:6: there is nothing to run here"));
  CHECK(starts(error_of("steps: [{name: x}]\n"), "1:9: a step at the top has no run"));
  CHECK(starts(error_of("run: a\nsteps: [b]\n"), "2:1: run and steps both stand at the top"));
  CHECK(starts(error_of("jobs: {a: {run: x}}\nrun: y\n"), "2:1: 'run' stands beside jobs"));
}

TEST_CASE("a timeout is a number of minutes within its limits") {
  for (const char* bad : {"0", "-1", "1441", "abc", "'10'", "nan", "1e9", "[1]", "", "10m", "inf"})
    CHECK(starts(error_of("run: x\ntimeout-minutes: " + std::string(bad) + "\n"), "2:"));
  CHECK(parsed("run: x\ntimeout-minutes: 1440\n")[0].timeout == limits::kLongestTimeout);
}

TEST_CASE("needs must name other jobs of the file, each once") {
  CHECK(starts(error_of("jobs:\n  build: {run: x}\n  test: {run: y, needs: biuld}\n"),
               "3:25: job 'test' needs 'biuld', which is no job of this file; did you mean "
               "'build'?"));
  CHECK(starts(error_of("jobs: {a: {run: x, needs: [b, b]}, b: {run: y}}"),
               "1:31: 'b' is named twice"));
  CHECK(starts(error_of("jobs: {a: {run: x, needs: a}}"), "1:27: the job 'a' needs itself"));
}

TEST_CASE("needs in a circle are an error that shows the circle") {
  std::string error = error_of(
      "jobs:\n  a: {run: x, needs: b}\n  b: {run: x, needs: c}\n  c: {run: x, needs: [b]}\n");
  CHECK(starts(error, "4:23: these jobs wait for each other: 'b' needs 'c' needs 'b'"));
}

TEST_CASE("jobs that need one another without a circle are fine") {
  CHECK(parsed("jobs: {d: {run: x, needs: [b, c]}, b: {run: x, needs: a}, c: {run: x, needs: a}, "
               "a: {run: x}}")
            .size() == 4);
}

TEST_CASE("text that is not YAML is an error at its place") {
  CHECK(starts(error_of("jobs:\n\t- b\n"), "2:"));
  CHECK(starts(error_of("a: 1\nb: [1, 2\nc: 3\n"), "3:"));
  CHECK(starts(error_of("run: *nope\n"), "1:"));
  CHECK(starts(error_of("run: x\n---\nrun: y\n"), "2:1: a second document"));
  CHECK(starts(error_of("run: !!python/object x\n"), "1:6: tags such as"));
  CHECK(starts(error_of("? [a]\n: b\n"), "1:3: a key must be a text"));
  CHECK(starts(error_of("run: \"\\0\"\n"), "1:6: this text has a zero byte"));
}

TEST_CASE("text that is not UTF-8 is an error at its place") {
  CHECK(starts(error_of("run: x\nenv: \xc3\x28\n"), "2:6: this is not UTF-8"));
  CHECK(starts(error_of("run: \xc3\xa4\xff\n"), "1:7: this is not UTF-8"));
  CHECK(starts(error_of(std::string_view("run: \0x\n", 8)), "1:6: a control character"));
  CHECK(parsed("run: echo \xc3\xa4\n")[0].steps[0].run == "echo \xc3\xa4");
}

TEST_CASE("bombs of aliases, circles of aliases and deep nesting are refused quickly") {
  std::string bomb = "a0: &a0 [l,l,l,l,l,l,l,l,l]\n";
  for (int i = 1; i < 10; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 9; ++k) bomb += (k ? ",*a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  CHECK(error_of(bomb).find("too large here, aliases included") != std::string::npos);
  CHECK(starts(error_of("run: &a [*a]\n"), "1:10: this alias stands inside what it names"));
  CHECK(error_of(std::string(20'000, '[')).find("nested too deeply") != std::string::npos);
  std::string texts = "x: &x \"" + std::string(30'000, 'y') + "\"\nz: [";
  for (int i = 0; i < 5'000; ++i) texts += "*x,";
  CHECK(error_of(texts + "]\n").find("too large here") != std::string::npos);
}

TEST_CASE("jobs and steps have limits, and so have all of them together") {
  std::string jobs = "jobs:\n";
  for (size_t i = 0; i <= limits::kJobsPerBuild; ++i)
    jobs += "  j" + std::to_string(i) + ": {run: x}\n";
  CHECK(starts(error_of(jobs), "258:3: a pipeline has at most 256 jobs"));
  std::string steps = "steps:\n";
  for (size_t i = 0; i <= limits::kStepsPerJob; ++i) steps += " - x\n";
  CHECK(starts(error_of(steps), "258:4: a job has at most 256 steps"));
  std::string wide =
      "env: {A: " + std::string(30'000, 'a') + "}\njobs: {a: {run: x}, b: {run: y}, c: {run: z}}\n";
  CHECK(error_of(wide).find("take more than 64 KiB") != std::string::npos);
}

TEST_CASE("names of jobs are one short line") {
  CHECK(starts(error_of("jobs: {'': {run: x}}"), "1:8: the name of a job"));
  CHECK(starts(error_of("jobs: {\"a\\nb\": {run: x}}"), "1:8: the name of a job"));
  CHECK(starts(error_of("jobs: {" + std::string(129, 'a') + ": {run: x}}"), "1:8: the name of"));
}

TEST_CASE("a step without a name is called by its first line, cut at a character") {
  CHECK(parsed("run: |\n\n  first line\n  second\n")[0].steps[0].name == "first line");
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "\xc3\xa4";
  CHECK(parsed("run: x" + umlauts + "\n")[0].steps[0].name.size() == 127);
}

TEST_CASE("the nearest word is near enough to be meant") {
  CHECK(pipeline::edit_distance("step", "steps") == 1);
  CHECK(pipeline::edit_distance("nedes", "needs") == 1);
  CHECK(pipeline::edit_distance("", "abc") == 3);
  CHECK(pipeline::nearest("nedes", {"env", "needs"}) == std::string("needs"));
  CHECK_FALSE(pipeline::nearest("quite-other", {"env", "needs"}));
}

TEST_CASE(
    "runs-on and priority are a job's, or the file's for all jobs that do not say otherwise") {
  auto jobs = parsed(R"(
runs-on: linux
priority: low
jobs:
  test: {run: make}
  train: {run: make, runs-on: [linux, gpu=h200], priority: high}
)");
  CHECK(jobs[0].runs_on == std::vector<std::string>{"linux"});
  CHECK(jobs[0].priority == Priority::Low);
  CHECK(jobs[1].runs_on == std::vector<std::string>{"gpu=h200", "linux"});
  CHECK(jobs[1].priority == Priority::High);
  auto only = parsed("run: make\nruns-on: gpu\npriority: high\n");
  CHECK(only[0].runs_on == std::vector<std::string>{"gpu"});
  CHECK(only[0].priority == Priority::High);
  CHECK(parsed("run: make")[0].priority == Priority::Normal);
}

TEST_CASE("reports says where the tests of a job leave theirs") {
  auto jobs = parsed(
      "jobs: {a: {run: x, reports: {junit: [a/*.xml, '**/b.xml'], tap: t.tap}}, b: "
      "{run: y}}");
  CHECK(jobs[0].reports.junit == std::vector<std::string>{"a/*.xml", "**/b.xml"});
  CHECK(jobs[0].reports.tap == std::vector<std::string>{"t.tap"});
  CHECK(jobs[1].reports == ReportGlobs{});
  CHECK(parsed("run: x\nreports: {tap: [a]}")[0].reports.tap.size() == 1);
}

TEST_CASE("what is wrong with reports is said where it stands") {
  CHECK(starts(error_of("run: x\nreports: a.xml"), "2:10: reports at the top must be a map"));
  CHECK(starts(error_of("run: x\nreports: {}"), "2:10: reports at the top is empty"));
  CHECK(starts(error_of("run: x\nreports: {junnit: a}"),
               "2:11: unknown key 'junnit' in reports; did you mean 'junit'?"));
  CHECK(starts(error_of("run: x\nreports: {junit: []}"), "2:18: junit in reports is empty"));
  CHECK(starts(error_of("run: x\nreports: {junit: {a: b}}"), "2:18: junit in reports must be"));
  CHECK(starts(error_of("run: x\nreports: {tap: [[a]]}"), "2:17: a glob in tap must be a text"));
  CHECK(starts(error_of("run: x\nreports: {tap: ''}"), "2:16: a glob in tap must have 1 to 256"));
  for (const char* out : {"/etc/*", "../x", "a/../../x", "~/x"})
    CHECK(starts(error_of("run: x\nreports: {tap: '" + std::string(out) + "'}"),
                 "2:16: '" + std::string(out) + "' leads out of the workspace"));
  std::string many;
  for (size_t i = 0; i <= limits::kReportGlobs; ++i) many += "g" + std::to_string(i) + ",";
  CHECK(starts(error_of("run: x\nreports: {tap: [" + many + "]}"), "2:"));
  CHECK(starts(error_of("reports: {tap: a}\njobs: {a: {run: x}}"), "1:1: 'reports' stands beside"));
}

TEST_CASE(
    "concurrency names a group, or leaves that to the ref, and says whether newer ones end it") {
  auto concurrency = [](const std::string& value) {
    auto pipeline = parse("run: make\n" + value);
    REQUIRE(pipeline);
    return pipeline->concurrency;
  };
  CHECK_FALSE(concurrency(""));
  CHECK(concurrency("concurrency: deploy") == Concurrency{"deploy", false});
  CHECK(concurrency("concurrency: {group: deploy, cancel-in-progress: true}") ==
        Concurrency{"deploy", true});
  CHECK(concurrency("concurrency: {cancel-in-progress: true}") == Concurrency{"", true});
  CHECK(concurrency("concurrency: {group: deploy, cancel-in-progress: false}") ==
        Concurrency{"deploy", false});
  auto with_jobs = parse("concurrency: x\njobs: {a: {run: make}}");
  REQUIRE(with_jobs);
  CHECK(with_jobs->concurrency == Concurrency{"x", false});
}

TEST_CASE("what is wrong with runs-on, priority and concurrency is said where it stands") {
  CHECK(starts(error_of("run: x\nruns-on: []"), "2:10: runs-on at the top is empty"));
  CHECK(starts(error_of("run: x\nruns-on: {a: b}"), "2:10: runs-on at the top must be a label"));
  CHECK(starts(error_of("run: x\nruns-on: [a, a]"), "2:14: 'a' is named twice in runs-on"));
  CHECK(starts(error_of("run: x\nruns-on: ' a'"), "2:10: the name of a label must be one line"));
  CHECK(starts(error_of("run: x\nruns-on: [" +
                        [] {
                          std::string many;
                          for (size_t i = 0; i <= limits::kLabels; ++i)
                            many += "l" + std::to_string(i) + ",";
                          return many;
                        }() +
                        "]"),
               "2:"));
  CHECK(starts(error_of("run: x\npriority: urgent"), "2:11: priority at the top must be high"));
  CHECK(starts(error_of("jobs: {a: {run: x, tags: b}}"),
               "1:20: unknown key 'tags' in job 'a'; did you mean 'runs-on'?"));
  CHECK(starts(error_of("jobs: {a: {run: x, concurrency: b}}"), "1:20: unknown key 'concurrency'"));
  CHECK(starts(error_of("run: x\nconcurrency: [a]"), "2:14: concurrency must be the name"));
  CHECK(starts(error_of("run: x\nconcurrency: {groop: a}"),
               "2:15: unknown key 'groop' in concurrency; did you mean 'group'?"));
  CHECK(starts(error_of("run: x\nconcurrency: {cancel-in-progress: yes}"),
               "2:35: cancel-in-progress must be true or false"));
}
