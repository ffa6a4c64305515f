// Assets are the files that pages need: styles, scripts, an icon; part of the program, so that
// there is no folder to lose. Their names have a hash of what is in them, so that a browser keeps
// them for ever, and gets a new release's at once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/http/message.h"

namespace seaworthy::reporter {

struct AssetFile {
  std::string_view name;  // "page.js"
  std::string_view text;
};

// Generated from reporter/assets/, and reporter/api/openapi.json, when the program is built.
const std::vector<AssetFile>& asset_files();

class Assets {
 public:
  Assets();
  // Of "style.css": "/assets/style-0123456789abcdef.css".
  const std::string& address_of(std::string_view name) const;
  const std::string& text_of(std::string_view name) const;
  // Of all, as one text: another release has another.
  const std::string& all_addresses() const { return all_addresses_; }
  // Nothing if there is none at this path.
  const http::Answer* find(std::string_view path) const;

 private:
  struct Asset {
    std::string_view name;
    std::string address;
    http::Answer answer;
  };
  const Asset& at(std::string_view name) const;
  std::vector<Asset> assets_;
  std::string all_addresses_;
};

// The program's.
const Assets& assets();

}  // namespace seaworthy::reporter
