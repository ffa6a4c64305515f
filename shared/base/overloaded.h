// overloaded joins lambdas into one visitor, so that std::visit reads as one function per
// alternative.
#pragma once

namespace seaworthy {

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

}  // namespace seaworthy
