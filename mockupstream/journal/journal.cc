#include "mockupstream/journal/journal.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "mockupstream/journal/entry_masker.h"
#include "mockupstream/journal/utf8.h"
#include "mockupstream/lanes/credential.h"
#include "mockupstream/script/base64.h"

namespace keywalk::mock {
namespace {

using nlohmann::json;

// Name to value, or to an array of values for a repeated field, as scripts write them.
json HeadersJson(const Headers& headers, const EntryMasker& masker) {
  json object = json::object();
  for (const Headers::Field field : headers) {
    json& member = object[masker.Mask(field.name)];
    json value = masker.Mask(field.value);
    if (member.is_null()) {
      member = std::move(value);
    } else if (member.is_array()) {
      member.push_back(std::move(value));
    } else {
      member = json::array({std::move(member), std::move(value)});
    }
  }
  return object;
}

// The bytes that were kept: as text where they are one, else in base64.
void AddBody(const JournalEntry& entry, const EntryMasker& masker, json& object) {
  if (entry.body.empty()) return;
  std::string_view shown = entry.body;
  std::size_t characters = Utf8Prefix(shown);
  if (entry.body_truncated) {
    constexpr std::size_t kLongestCharacter = 4;
    const bool cut_in_character = shown.size() - characters < kLongestCharacter;
    shown = masker.Shown(cut_in_character ? shown.substr(0, characters) : shown);
    characters = std::min(characters, shown.size());
  }
  const std::string masked = masker.Mask(shown);
  if (characters == shown.size()) {
    object["body"] = masked;
  } else {
    object["body_base64"] = EncodeBase64(masked);
  }
  object["body_truncated"] = entry.body_truncated;
}

json FaultJson(FaultState fault) {
  return fault == FaultState::kNone ? json(nullptr) : json(ToString(fault));
}

}  // namespace

std::string_view ToString(FaultState fault) {
  switch (fault) {
    case FaultState::kNone:
      return "none";
    case FaultState::kPending:
      return "pending";
    case FaultState::kFired:
      return "fired";
    case FaultState::kNotReached:
      return "not_reached";
  }
  return "?";
}

json ToJson(const JournalEntry& entry, const SecretMasker& known_keys) {
  const EntryMasker masker(entry, known_keys);
  json object = {
      {"sequence", entry.sequence},
      {"time_ms", entry.time_ms},
      {"connection", entry.connection},
      {"scope", masker.Mask(entry.scope)},
      {"lane", masker.Mask(entry.lane)},
      {"key", entry.key_hint},
      {"model", entry.model.empty() ? json(nullptr) : json(entry.model)},
      {"route", entry.route.empty() ? json(nullptr) : json(masker.Mask(entry.route))},
      {"step", entry.step ? json(*entry.step) : json(nullptr)},
      {"chaos", entry.chaos ? json(*entry.chaos) : json(nullptr)},
      {"method", masker.Mask(entry.method)},
      {"target", masker.Mask(entry.target)},
      {"headers", HeadersJson(entry.headers, masker)},
      {"body_bytes", entry.body_bytes},
      {"body_sha256", entry.body_sha256.empty() ? json(nullptr) : json(entry.body_sha256)},
      {"body_complete", entry.body_complete},
      {"status", entry.status},
      {"fault", FaultJson(entry.fault)},
      {"answered", entry.answered},
      {"ended", entry.ended},
  };
  AddBody(entry, masker, object);
  return object;
}

json ToJson(const JournalEntry& entry) { return ToJson(entry, SecretMasker()); }

std::string MaskedTarget(const JournalEntry& entry) {
  return SecretMasker(AllCredentials(entry.headers, entry.target)).Mask(entry.target);
}

}  // namespace keywalk::mock
