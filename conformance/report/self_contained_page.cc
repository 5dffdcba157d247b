#include "conformance/report/self_contained_page.h"

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <map>
#include <stdexcept>

#include "conformance/report/xml_text.h"
#include "mockupstream/script/base64.h"

namespace keywalk::conformance {
namespace {

using Placeholders = std::map<std::string_view, std::string>;

// Replaces each `@@NAME@@` of the template; what is put in is not looked at again.
std::string FillIn(std::string_view page, const Placeholders& values) {
  constexpr std::string_view kMark = "@@";
  std::string text;
  while (true) {
    const std::size_t from = page.find(kMark);
    if (from == std::string_view::npos) return text.append(page);
    text.append(page.substr(0, from));
    page.remove_prefix(from + kMark.size());
    const std::size_t to = page.find(kMark);
    text += values.at(page.substr(0, to));
    page.remove_prefix(to + kMark.size());
  }
}

std::string_view PageTemplate(std::span<const PageFile> files) {
  for (const PageFile& file : files) {
    if (file.name == "page.html") return file.text;
  }
  throw std::logic_error("a page has no page.html");
}

std::string Joined(std::span<const PageFile> files, std::string_view ending) {
  std::string text;
  for (const PageFile& file : files) {
    if (file.name.ends_with(ending)) text += file.text;
  }
  return text;
}

// A source expression of CSP level 2 for the content of one element.
std::string HashSource(std::string_view content) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (::EVP_Digest(content.data(), content.size(), digest.data(), &size, ::EVP_sha256(), nullptr) !=
      1) {
    throw std::runtime_error("OpenSSL has no SHA-256");
  }
  const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), size);
  return "'sha256-" + mock::EncodeBase64(bytes) + "'";
}

// JSON in which no `</script>` and no `<!--` can stand.
std::string EmbeddedJson(std::string_view json) {
  std::string text;
  text.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      text += "\\u003c";
    } else if (c == '>') {
      text += "\\u003e";
    } else if (c == '&') {
      text += "\\u0026";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace

std::string FormatPage(std::span<const PageFile> files, std::string_view title,
                       std::string_view data_json) {
  const std::string style = Joined(files, ".css");
  const std::string script = Joined(files, ".js");
  return FillIn(PageTemplate(files), {{"TITLE", EscapeXml(title)},
                                      {"STYLE_SOURCE", HashSource(style)},
                                      {"SCRIPT_SOURCE", HashSource(script)},
                                      {"STYLE", style},
                                      {"SCRIPT", script},
                                      {"DATA", EmbeddedJson(data_json)}});
}

}  // namespace keywalk::conformance
