// What both ways of carrying have in common: a handle of libcurl with what holds for all targets.
// For transport*.cc only.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reporter/news/core/delivery.h"
#include "reporter/news/core/plan.h"
#include "shared/base/assert.h"

namespace seaworthy::reporter::news {

struct CloseHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Handle = std::unique_ptr<CURL, CloseHandle>;
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

template <class Value>
void set(const Handle& handle, CURLoption option, Value value) {
  const CURLcode code = curl_easy_setopt(handle.get(), option, value);
  SW_ASSERT(code == CURLE_OK);
}

// `interrupt_fd` outlives it, as does the integer itself.
Handle new_handle(const Target& target, const std::string& url, const int& interrupt_fd);

List list_of(const std::vector<std::string>& lines);

// "Connection refused": what libcurl knows, without what it was asked for.
std::string trouble_of(CURLcode code, const char* buffer);

// Slowly if somebody must act: a certificate that is not trusted, no TLS where there must be some.
Fate fate_of_trouble(CURLcode code);

// Printable and short, for a log.
std::string first_line(std::string_view answer);

}  // namespace seaworthy::reporter::news
