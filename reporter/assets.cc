#include "reporter/assets.h"

#include "reporter/ansi.h"
#include "shared/base/assert.h"

namespace seaworthy::reporter {
namespace {

std::string type_of(std::string_view name) {
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".json")) return "application/json";
  return "image/svg+xml";
}

}  // namespace

Assets::Assets() {
  for (const AssetFile& file : asset_files()) {
    Asset asset{file.name, "", {}};
    asset.answer.content_type = type_of(file.name);
    asset.answer.cache_control = "public, max-age=31536000, immutable";
    asset.answer.body = std::string(file.text);
    if (file.name == "log.css") asset.answer.body += palette_css();
    asset.answer.etag = http::etag_of(asset.answer.body);
    const size_t dot = file.name.rfind('.');
    asset.address = "/assets/" + std::string(file.name.substr(0, dot)) + "-" +
                    asset.answer.etag.substr(1, 16) + std::string(file.name.substr(dot));
    all_addresses_ += asset.address;
    assets_.push_back(std::move(asset));
  }
}

const Assets::Asset& Assets::at(std::string_view name) const {
  const Asset* found = nullptr;
  for (const Asset& asset : assets_)
    if (asset.name == name) found = &asset;
  SW_ASSERT(found != nullptr);
  return *found;
}

const std::string& Assets::address_of(std::string_view name) const { return at(name).address; }
const std::string& Assets::text_of(std::string_view name) const { return at(name).answer.body; }

const http::Answer* Assets::find(std::string_view path) const {
  for (const Asset& asset : assets_)
    if (asset.address == path) return &asset.answer;
  return nullptr;
}

const Assets& assets() {
  static const Assets all;
  return all;
}

}  // namespace seaworthy::reporter
