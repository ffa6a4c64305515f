#include "reporter/asker.h"

#include <sys/eventfd.h>

#include <algorithm>

#include "shared/model/limits.h"

namespace seaworthy::reporter {
namespace {

constexpr Duration kPatience{5'000};  // of a person in front of a page that does not come
constexpr Duration kTry{2'000};

}  // namespace

Asker::Asker(zmq::context_t& context, io::ClientOptions options, Post post)
    : post_(std::move(post)), interrupt_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  options.give_up_after = kPatience;
  options.try_for = kTry;
  options.interrupt_fd = interrupt_.get();
  thread_ = std::thread([this, &context, options = std::move(options)] { run(context, options); });
}

Asker::~Asker() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  eventfd_write(interrupt_.get(), 1);
  thread_.join();
}

void Asker::ask(const std::string& name, Work work, Then then) {
  const std::lock_guard lock(mutex_);
  const auto same = std::find_if(questions_.begin(), questions_.end(),
                                 [&](const Question& question) { return question.name == name; });
  if (same != questions_.end()) {
    same->waiting.push_back(std::move(then));
    return;
  }
  if (questions_.size() >= limits::kHttpQuestions) {
    const io::ClientError error{io::ClientError::Kind::NoAnswer,
                                "too many pages are asked for at a time: try again soon",
                                wire::ErrorCode::Overloaded};
    tell({std::move(then)}, std::make_shared<const Asked>(Unexpected{error}));
    return;
  }
  questions_.push_back({name, std::move(work), {}});
  questions_.back().waiting.push_back(std::move(then));
  changed_.notify_one();
}

void Asker::tell(std::vector<Then> waiting, std::shared_ptr<const Asked> asked) {
  post_([waiting = std::move(waiting), asked = std::move(asked)] {
    for (const Then& then : waiting) then(asked);
  });
}

void Asker::run(zmq::context_t& context, io::ClientOptions options) {
  io::Client client(context, std::move(options));
  for (;;) {
    Question question;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return ending_ || !questions_.empty(); });
      if (ending_) return;
      question = std::move(questions_.front());
      questions_.pop_front();
    }
    auto asked = std::make_shared<const Asked>(question.work(client));
    if (!*asked && asked->error().kind == io::ClientError::Kind::NoAnswer) {
      std::deque<Question> others;
      {
        const std::lock_guard lock(mutex_);
        others.swap(questions_);
      }
      for (Question& other : others) tell(std::move(other.waiting), asked);
    }
    tell(std::move(question.waiting), std::move(asked));
  }
}

}  // namespace seaworthy::reporter
