// A conversation with a mail server. libcurl leads it; what is said is listened to, since a refusal
// means another thing at each stage, and at one it is about one recipient only.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "reporter/news/transport.h"
#include "reporter/news/transport_common.h"
#include "shared/base/assert.h"

namespace seaworthy::reporter::news {
namespace {

struct Conversation {
  MailStage stage = MailStage::Greeting;
  std::string recipient;  // of the last RCPT
  int code = 0;           // of the last answer, about `stage`
  std::string answer;
  bool is_over = false;  // QUIT was said: what comes now is about nothing
};

void heard_command(Conversation& talk, std::string_view line) {
  const auto is = [line](std::string_view word) {
    return line.size() >= word.size() && strncasecmp(line.data(), word.data(), word.size()) == 0;
  };
  if (is("QUIT\r")) talk.is_over = true;
  if (talk.is_over) return;
  if (is("STARTTLS\r")) talk.stage = MailStage::Tls;
  if (is("AUTH ")) talk.stage = MailStage::SignIn;
  if (is("MAIL FROM:")) talk.stage = MailStage::From;
  if (is("DATA\r")) talk.stage = MailStage::Data;
  if (is("RCPT TO:")) {
    talk.stage = MailStage::To;
    const size_t open = line.find('<'), close = line.find('>');
    talk.recipient = open < close ? line.substr(open + 1, close - open - 1) : "";
  }
  talk.code = 0;
}

void heard_answer(Conversation& talk, std::string_view line) {
  int code = 0;
  std::from_chars(line.data(), line.data() + std::min<size_t>(line.size(), 3), code);
  if (code < 200 || talk.is_over) return;
  talk.code = code;
  talk.answer = first_line(line);
}

int listen(CURL*, curl_infotype type, char* bytes, size_t count, void* into) {
  Conversation& talk = *static_cast<Conversation*>(into);
  const std::string_view text(bytes, count);
  if (type == CURLINFO_HEADER_OUT) heard_command(talk, text);
  if (type == CURLINFO_HEADER_IN) heard_answer(talk, text);
  if (type == CURLINFO_DATA_OUT) {
    talk.stage = MailStage::Text;
    talk.code = 0;
  }
  return 0;
}

struct Unsent {
  std::string_view left;
};

size_t give_text(char* into, size_t, size_t room, void* from) {
  std::string_view& left = static_cast<Unsent*>(from)->left;
  const size_t count = std::min(room, left.size());
  std::memcpy(into, left.data(), count);
  left.remove_prefix(count);
  return count;
}

}  // namespace

Transport::Mailed Transport::mail(const std::vector<std::string>& recipients,
                                  const std::string& message) const {
  const List to = list_of(recipients);
  std::array<char, CURL_ERROR_SIZE> trouble{};
  Conversation talk;
  Unsent unsent{message};
  const Handle handle =
      new_handle(target_, target_.url, interrupt_fd_);  // goes first: it says QUIT
  set(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(handle, CURLOPT_USE_SSL,
      static_cast<long>(target_.tls == Tls::Required ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  if (!target_.user.empty()) {
    set(handle, CURLOPT_USERNAME, target_.user.c_str());
    set(handle, CURLOPT_PASSWORD, target_.secret.c_str());
  }
  set(handle, CURLOPT_MAIL_FROM, target_.from.c_str());
  set(handle, CURLOPT_MAIL_RCPT, to.get());
  set(handle, CURLOPT_UPLOAD, 1L);
  set(handle, CURLOPT_READFUNCTION, &give_text);
  set(handle, CURLOPT_READDATA, &unsent);
  set(handle, CURLOPT_VERBOSE, 1L);
  set(handle, CURLOPT_DEBUGFUNCTION, &listen);
  set(handle, CURLOPT_DEBUGDATA, &talk);
  set(handle, CURLOPT_ERRORBUFFER, trouble.data());
  const CURLcode code = curl_easy_perform(handle.get());
  if (code == CURLE_OK) return {{Fate::Delivered, talk.answer, {}}, ""};
  if (code == CURLE_ABORTED_BY_CALLBACK) return {{Fate::Interrupted, "interrupted", {}}, ""};
  Mailed mailed{{fate_of_trouble(code), trouble_of(code, trouble.data()), {}}, ""};
  if (talk.code < 400) return mailed;
  mailed.tried = {fate_of_mail(talk.stage, talk.code), talk.answer, {}};
  if (talk.stage == MailStage::To && mailed.tried.fate == Fate::GivenUp)
    mailed.refused = talk.recipient;
  return mailed;
}

}  // namespace seaworthy::reporter::news
