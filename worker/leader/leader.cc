#include "worker/leader/leader.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "shared/io/clock.h"
#include "shared/io/process.h"
#include "shared/io/signals.h"
#include "shared/model/limits.h"
#include "worker/confinement.h"
#include "worker/leader/job_program.h"
#include "worker/leader/job_run.h"
#include "worker/leader/look_at_tests.h"
#include "worker/leader/oom.h"
#include "worker/leader/steps.h"
#include "worker/leader_protocol.h"
#include "worker/output.h"
#include "worker/spool.h"
#include "worker/tree.h"
#include "worker/workspace.h"

namespace seaworthy::worker {
namespace {

std::string seconds(Duration duration) {
  return std::to_string(duration.count() / 1000) + "." +
         std::to_string(duration.count() % 1000 / 100) + " s";
}

// "1 process was left running and was ended", with what had to be forced; empty if none was left.
std::string in_words(const JobRun::Ended& ended) {
  if (ended.left == 0) return {};
  std::string text = std::to_string(ended.left) +
                     (ended.left == 1 ? " process was" : " processes were") + " ended";
  if (ended.forced > 0) text += ", " + std::to_string(ended.forced) + " by force";
  if (ended.surviving > 0)
    return text + "; " + std::to_string(ended.surviving) + " could not be ended";
  return text + "; no process of the job survived";
}

// Cut to `most` bytes, not within a character of UTF-8.
std::string clipped(std::string text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  text.resize(most);
  return text;
}

// Paths, of which the system has none longer than 4,096 bytes.
constexpr uint32_t kMostOptionBytes = 64 * 1024;

bool read_exactly(int fd, void* into, size_t bytes) {
  auto* next = static_cast<char*>(into);
  while (bytes > 0) {
    const ssize_t count = read(fd, next, bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    next += count;
    bytes -= static_cast<size_t>(count);
  }
  return true;
}

// For who looks at the list of processes.
void name_process(const std::string& name) { prctl(PR_SET_NAME, name.c_str(), 0, 0, 0); }

class Leader {
 public:
  explicit Leader(const LeaderOptions& options)
      : options_(options),
        spool_(options.spool_entry),
        log_(spool_.output_file(), options.output_cap_bytes),
        group_(options.group),
        run_(log_, group_, options.kill_grace),
        started_(io::now()) {
    log_.keep_times(spool_.times_file(), [started = started_] {
      return static_cast<uint64_t>((io::now() - started).count());
    });
  }

  int run() {
    auto assign = spool_.assignment();
    if (!assign) {  // whose outcome it would be is not known here
      run_.tell_at_last("broken " + assign.error());
      return 0;
    }
    assign_ = std::move(*assign);
    run_job();
    const JobRun::Ended ended = run_.end_all();
    if (run_.stop() != Stop::Killed) report(ended);
    group_.remove();
    remove_tree(options_.workspace);
    // A broker that is there has taken it meanwhile.
    if (run_.stop() != Stop::Killed)
      if (auto durable = spool_.make_durable(); !durable) run_.tell("note " + durable.error());
    return 0;
  }

 private:
  void run_job() {
    const JobSpec& specification = assign_.specification;
    if (specification.timeout > Duration{0}) run_.set_deadline(started_ + specification.timeout);
    if (auto made = group_.make(); !made) {
      run_.tell("note " + made.error());
      group_ = Group();
    }
    if (!specification.origin.empty()) log_.append_line(specification.origin);
    if (!check_out_revision()) return;
    since_ = reports::mark_time_of_reports(options_.workspace, specification.reports);
    for (size_t i = 0; i < specification.steps.size(); ++i)
      if (!run_step(i)) return;
    conclude(Outcome::Passed, "");
  }

  // By processes of the job, so that a stuck git is waited for, cancelled and ended like a step.
  bool check_out_revision() {
    doing_ = "checkout";
    log_.append_line("==> checkout of " + assign_.revision.substr(0, 10) + " from " +
                     assign_.repository + (assign_.ref.empty() ? "" : " (" + assign_.ref + ")"));
    remove_tree(options_.workspace);
    const Revision revision{assign_.repository, assign_.ref, assign_.revision};
    if (auto made = make_workspace(options_.mirrors, revision, options_.workspace); !made)
      return cannot_check_out(made.error());
    const std::optional<int> exit_code = populate(revision);
    if (!exit_code) return false;
    const bool is_populated = *exit_code == 0;
    if (!(is_populated && is_complete(options_.workspace)) && !complete(revision, is_populated))
      return false;
    run_.tell("note checkout took " + seconds(io::now() - started_));
    return true;
  }

  bool cannot_check_out(const std::string& why) {
    log_.append_line("==> " + why);
    return conclude(Outcome::Broken, why);
  }

  // git's exit code; complete() says in git's words what did not work, if that is no better. None
  // if the job is over.
  std::optional<int> populate(const Revision& revision) {
    const io::Fd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
    auto git =
        start_program({populate_arguments(revision), io::environment_with(populate_environment()),
                       options_.workspace, null.get()},
                      group_);
    if (git) return run_.wait_for(*git);
    cannot_check_out(git.error());
    return std::nullopt;
  }

  // In a process of its own, since it is more than one git.
  bool complete(const Revision& revision, bool is_populated) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
      return conclude(Outcome::Broken, io::errno_text("cannot make a pipe"));
    io::Fd answer(ends[0]), answer_write(ends[1]);
    const OomKills oom_kills = count_oom_kills(group_);
    const pid_t child = fork();
    if (child == 0) complete_and_exit(revision, is_populated, answer_write.get());
    if (child < 0) return conclude(Outcome::Broken, io::errno_text("cannot start the checkout"));
    answer_write.reset();
    const std::optional<int> exit_code = run_.wait_for(child);
    if (!exit_code) return false;
    std::array<char, limits::kDetailBytes> buffer;
    fcntl(answer.get(), F_SETFL, O_NONBLOCK);
    const ssize_t count = read(answer.get(), buffer.data(), buffer.size());
    const std::string words(buffer.data(), count > 0 ? static_cast<size_t>(count) : 0);
    if (!words.empty()) log_.append_line("==> " + words);
    if (*exit_code == 0) return true;
    if (!words.empty()) return conclude(Outcome::Broken, words);
    const std::string why = why_killed(*exit_code, oom_kills, count_oom_kills(group_));
    return conclude(Outcome::Broken, "the checkout ended with " + std::to_string(*exit_code) +
                                         (why.empty() ? "" : ": " + why));
  }

  [[noreturn]] void complete_and_exit(const Revision& revision, bool is_populated, int answer_fd) {
    setsid();
    group_.enter();
    take_a_back_seat();
    part_from_leader();
    auto done = complete_workspace(options_.mirrors, revision, options_.workspace, is_populated);
    const std::string words = clipped(done ? *done : done.error(), limits::kDetailBytes);
    if (write(answer_fd, words.data(), words.size()) < 0) _exit(2);
    _exit(done ? 0 : 1);
  }

  bool run_step(size_t index) {
    if (run_.stop() != Stop::None) return false;  // came as the last step ended
    const Step& step = assign_.specification.steps[index];
    const std::string number = std::to_string(index + 1);
    const std::string name =
        step.name.empty() ? "step " + number
                          : clipped(step.name.substr(0, step.name.find('\n')), limits::kNameBytes);
    doing_ = "step " + number + " (" + name + ")";
    const uint64_t begin =
        log_.append_line("==> step " + number + " of " +
                         std::to_string(assign_.specification.steps.size()) + ": " + name);
    const Instant started = io::now();
    const OomKills oom_kills = count_oom_kills(group_);
    auto child = start_step(spool_.directory() / ("step-" + number + ".sh"), assign_, step,
                            {options_.worker, options_.workspace}, group_, run_.output_fd());
    if (!child) return conclude(Outcome::Broken, child.error());
    if (index == 0) run_.tell("begun");
    run_.tell("note " + doing_ + " started");
    const std::optional<int> exit_code = run_.wait_for(*child);
    if (!exit_code) return false;
    const Duration took = io::now() - started;
    const std::string why = why_killed(*exit_code, oom_kills, count_oom_kills(group_));
    const std::string exited = "exited with " + std::to_string(*exit_code);
    const std::string because = why.empty() ? "" : ": " + why;
    log_.append_line("==> step " + number + " " + exited + " after " + seconds(took) + because);
    steps_.push_back({name, *exit_code, static_cast<uint64_t>(took.count()), begin,
                      log_.appended_bytes() - begin});
    run_.tell("note " + doing_ + " " + exited + " after " + seconds(took) + because);
    if (*exit_code == 0) return true;
    return conclude(Outcome::Failed, doing_ + " " + exited + because);
  }

  // Always false: the job does not go on.
  bool conclude(Outcome outcome, std::string detail) {
    is_over_ = true;
    outcome_ = outcome;
    detail_ = std::move(detail);
    return false;
  }

  // A stop that comes after the job's own end, while its processes are ended, changes nothing.
  void conclude_stop() {
    switch (run_.stop()) {
      case Stop::None:
      case Stop::Killed: break;
      case Stop::Cancelled: conclude(Outcome::Cancelled, "cancelled during " + doing_); break;
      case Stop::TimedOut:
        conclude(Outcome::TimedOut, "did not end within its time-out of " +
                                        seconds(assign_.specification.timeout) + ": was at " +
                                        doing_);
        break;
      case Stop::OutputFailed: conclude(Outcome::Broken, log_.problem()); break;
    }
  }

  // Not of a job that was cancelled, or that did not come as far as its steps.
  Tests look_at_what_tests_left() {
    const bool ran_tests =
        outcome_ == Outcome::Passed || outcome_ == Outcome::Failed || outcome_ == Outcome::TimedOut;
    if (!since_ || !ran_tests) return {};
    Tests tests = look_at_tests(
        {options_.workspace, assign_.specification.reports, spool_.output_file(), *since_},
        kControlFd);
    if (const std::string counts = words_of(tests.counts); !counts.empty())
      log_.append_line("==> tests: " + counts);
    for (const std::string& note : tests.notes)
      log_.append_line("==> tests: " + clipped(note.substr(0, note.find('\n')), 500));
    return tests;
  }

  void report(const JobRun::Ended& ended) {
    if (!is_over_) conclude_stop();
    if (std::string words = in_words(ended); !words.empty())
      detail_ += (detail_.empty() ? "" : "; ") + words;
    const Tests tests = look_at_what_tests_left();
    log_.append_line("==> " + std::string(to_string(outcome_)) + " after " +
                     seconds(io::now() - started_) + (detail_.empty() ? "" : ": " + detail_));
    const OutputLog::Whole whole = log_.finish();
    wire::AttemptFinished outcome;
    outcome.job = assign_.job;
    outcome.attempt = assign_.attempt;
    outcome.outcome = log_.problem().empty() ? outcome_ : Outcome::Broken;
    outcome.detail =
        clipped(log_.problem().empty() ? detail_ : log_.problem(), limits::kDetailBytes);
    outcome.steps = steps_;
    for (wire::StepResult& step : outcome.steps) {
      const uint64_t end = whole.place_of(step.output_offset + step.output_bytes);
      step.output_offset = whole.place_of(step.output_offset);
      step.output_bytes = end - step.output_offset;
    }
    outcome.output_bytes = whole.bytes;
    outcome.output_sha256 = whole.sha256;
    outcome.output_truncated = whole.truncated;
    outcome.first_output = run_.first_output();
    outcome.tests.data = tests.packed;
    if (auto written = spool_.write_outcome(outcome); written)
      run_.tell_at_last("ended");
    else
      run_.tell_at_last("broken " + written.error());
  }

  const LeaderOptions& options_;
  SpoolEntry spool_;
  OutputLog log_;
  Group group_;
  JobRun run_;
  Instant started_;
  std::optional<std::timespec> since_;  // when the first step began, as files tell time
  wire::Assign assign_;
  std::string doing_ = "start";
  std::vector<wire::StepResult> steps_;
  Outcome outcome_ = Outcome::Broken;
  std::string detail_;
  bool is_over_ = false;
};

}  // namespace

int run_leader() {
  name_process("leader");
  // What the terminal or the service manager sends is the worker's to answer.
  const io::Fd signals = io::block_signals({SIGTERM, SIGINT, SIGHUP, SIGQUIT});
  uint32_t size = 0;
  if (!read_exactly(kControlFd, &size, sizeof size) || size > kMostOptionBytes) return 0;
  std::string packed(size, '\0');
  if (!read_exactly(kControlFd, packed.data(), size)) return 0;
  const auto options = unpack_leader_options(packed);
  if (!options) return 2;
  name_process("job " + options->spool_entry.filename().string());
  become_subreaper();
  return Leader(*options).run();
}

}  // namespace seaworthy::worker
