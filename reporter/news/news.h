// News: what the reporter sends out by itself, one courier for each target of the news file. They
// begin when it is made and end with it. Not for pages.
#pragma once

#include <zmq.hpp>

#include <list>
#include <string>

#include "reporter/news/core/plan.h"
#include "reporter/news/courier.h"
#include "shared/io/client.h"

namespace seaworthy::reporter::news {

class News {
 public:
  // `pages`: the reporter's address as others reach it, for links; may be empty.
  News(zmq::context_t& context, const io::ClientOptions& options, Plan plan,
       const std::string& pages);
  ~News();
  News(const News&) = delete;  // couriers refer to its plan
  News& operator=(const News&) = delete;

 private:
  const Plan plan_;
  std::list<Courier> couriers_;
};

// Prints that the file is right, and what is in it. An exit code.
int say_right(const Plan& plan);

// Sends one message to the target of that name, marked as a test, and prints what the other side
// said. The exit code: 0 it arrived, 2 it did not, or there is no such target.
int send_test(const Plan& plan, const std::string& name, const std::string& pages);

}  // namespace seaworthy::reporter::news
