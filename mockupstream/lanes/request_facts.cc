#include "mockupstream/lanes/request_facts.h"

#include <nlohmann/json.hpp>

namespace keywalk::mock {

RequestFacts::RequestFacts(std::string_view method, std::string_view target, const Headers& headers)
    : method_(method), target_(target), headers_(headers) {}

RequestFacts::~RequestFacts() = default;

void RequestFacts::DropBody() {
  body_ = {};
  json_.reset();
}

const nlohmann::json* RequestFacts::json() const {
  if (body_.data() == nullptr) return nullptr;
  if (!json_) {
    json_ = std::make_unique<nlohmann::json>(
        nlohmann::json::parse(body_.begin(), body_.end(), nullptr, false));
  }
  return json_->is_discarded() ? nullptr : json_.get();
}

}  // namespace keywalk::mock
