#include "proxy/attempt_record.h"

#include <openssl/evp.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "proxy/client_auth.h"
#include "proxy/redact.h"
#include "proxy/utc_time.h"

namespace keywalk::proxy {
namespace {

using Json = nlohmann::ordered_json;

// How many bytes the UTF-8 sequence that begins with `lead` has; 0 if none begins so.
std::size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  if (lead >= 0xf0 && lead < 0xf5) return 4;
  return 0;
}

// The length of the longest part of `text`, from its beginning, that is whole UTF-8 sequences.
std::size_t Utf8Prefix(std::string_view text) {
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t length = SequenceLength(static_cast<unsigned char>(text[position]));
    if (length == 0 || position + length > text.size()) break;
    const std::string_view rest = text.substr(position + 1, length - 1);
    const bool continued = std::ranges::all_of(
        rest, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; });
    if (!continued) break;
    position += length;
  }
  return position;
}

std::string Base64(std::string_view bytes) {
  std::string encoded(4 * ((bytes.size() + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  return encoded;
}

Json RenderHeaders(const Headers& headers, const Redactor& redactor) {
  Json list = Json::array();
  for (const Headers::Field field : headers) {
    list.push_back(redactor.Mask(field.name) + ": " +
                   redactor.Mask(RedactHeader(field.name, field.value)));
  }
  return list;
}

Json RenderBody(const BodyCapture& body, const Headers& headers, const Redactor& redactor) {
  Json rendered = {{"bytes", body.total()}};
  if (body.total() == 0) return rendered;
  if (const std::optional<std::string_view> encoding = headers.Find("Content-Encoding");
      encoding && !EqualsIgnoreCase(*encoding, "identity")) {
    rendered["omitted"] = "encoded body";
    return rendered;
  }
  std::string kept = body.cut_off() ? redactor.MaskCutOff(body.kept()) : redactor.Mask(body.kept());
  const std::size_t text_size = Utf8Prefix(kept);
  constexpr std::size_t kLongestSequence = 4;
  if (text_size == kept.size() || (body.cut_off() && kept.size() - text_size < kLongestSequence)) {
    kept.resize(text_size);
    rendered["text"] = std::move(kept);
  } else {
    rendered["base64"] = Base64(kept);
  }
  if (body.cut_off()) rendered["cut_off"] = true;
  return rendered;
}

}  // namespace

void BodyCapture::Add(std::string_view bytes) {
  total_ += bytes.size();
  kept_.append(bytes.substr(0, std::min(bytes.size(), kMaxBytes - kept_.size())));
}

std::string RenderAttempt(const AttemptRecord& record, const Secrets& secrets) {
  Secrets all = PresentedCredentials(record.request_headers);
  all.Append(secrets);
  const Redactor redactor(std::move(all));

  Json json;
  json["schema_version"] = "1.0";
  json["time"] = FormatUtc(record.started);
  json["elapsed_ms"] = record.elapsed_ms;
  json["provider"] = record.provider;
  json["request"] = {{"method", redactor.Mask(record.method)},
                     {"target", redactor.Mask(RedactTarget(record.target))},
                     {"headers", RenderHeaders(record.request_headers, redactor)},
                     {"body", RenderBody(record.request_body, record.request_headers, redactor)}};
  if (record.status != 0) {
    json["response"] = {
        {"status", record.status},
        {"reason", redactor.Mask(record.reason)},
        {"headers", RenderHeaders(record.response_headers, redactor)},
        {"body", RenderBody(record.response_body, record.response_headers, redactor)},
        {"trailers", RenderHeaders(record.trailers, redactor)},
        {"complete", record.complete}};
  }
  if (!record.error.empty()) json["error"] = redactor.Mask(record.error);
  // Header values need not be UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace keywalk::proxy
