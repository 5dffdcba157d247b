#include "conformance/report/html_page.h"

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

#include "conformance/report/junit_writer.h"
#include "conformance/report/page_files.h"
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

std::string_view PageFileText(std::string_view name) {
  for (const PageFile& file : PageFiles()) {
    if (file.name == name) return file.text;
  }
  throw std::logic_error("no page file " + std::string(name));
}

std::string Scripts() {
  std::string text;
  for (const PageFile& file : PageFiles()) {
    if (file.name.ends_with(".js")) text += file.text;
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
std::string EmbeddedJson(const nlohmann::json& value) {
  std::string text;
  for (const char c : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) {
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

std::string PageTitle(const std::vector<ReportFile>& reports) {
  std::string title = "Key failover conformance:";
  const char* separator = " ";
  for (const ReportFile& report : reports) {
    title += separator + report.implementation;
    separator = ", ";
  }
  return title;
}

}  // namespace

std::string FormatHtml(const std::vector<ReportFile>& reports) {
  nlohmann::json data = nlohmann::json::array();
  for (const ReportFile& report : reports) data.push_back(*report.document);
  const std::string style(PageFileText("page.css"));
  const std::string script = Scripts();
  return FillIn(PageFileText("page.html"), {{"TITLE", EscapeXml(PageTitle(reports))},
                                            {"STYLE_SOURCE", HashSource(style)},
                                            {"SCRIPT_SOURCE", HashSource(script)},
                                            {"STYLE", style},
                                            {"SCRIPT", script},
                                            {"DATA", EmbeddedJson(data)}});
}

}  // namespace keywalk::conformance
