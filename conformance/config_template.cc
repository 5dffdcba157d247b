#include "conformance/config_template.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace keywalk::conformance {
namespace {

constexpr std::size_t kMaxDepth = 16;
constexpr std::size_t kMaxBytes = 16u * 1024 * 1024;

struct Tag {
  char kind = ' ';  // '#', '^', '/', or ' ' for a text
  std::string name;
  std::size_t begin = 0;  // of what it replaces, which may be its whole line
  std::size_t end = 0;
};

std::string_view Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

class Renderer {
 public:
  Renderer(std::string_view text, std::vector<const TemplateScope*> scopes)
      : text_(text), scopes_(std::move(scopes)) {}

  Result<std::string> Run() {
    RenderUntil(text_.size(), "", 0, true);
    if (!problem_.empty()) return Error(problem_);
    return std::move(out_);
  }

 private:
  // Writes from `at_` to the end tag of `section`, or to the end of the text without one. What is
  // not `shown` is only checked for its structure.
  void RenderUntil(std::size_t end, const std::string& section, std::size_t depth, bool shown) {
    while (problem_.empty()) {
      const std::optional<Tag> tag = NextTag(end);
      if (!problem_.empty()) return;
      Write(text_.substr(at_, (tag ? tag->begin : end) - at_), shown);
      at_ = tag ? tag->end : end;
      if (!tag) {
        if (!section.empty()) Fail(at_, "{{#" + section + "}} is not closed");
        return;
      }
      if (tag->kind == '/') {
        if (tag->name != section) Fail(tag->begin, "{{/" + tag->name + "}} closes nothing");
        return;
      }
      if (tag->kind == ' ') {
        if (shown) WriteText(*tag);
      } else {
        RenderSection(*tag, end, depth + 1, shown);
      }
    }
  }

  void RenderSection(const Tag& tag, std::size_t end, std::size_t depth, bool shown) {
    if (depth > kMaxDepth) return Fail(tag.begin, "sections are nested too deeply");
    if (!shown) return RenderUntil(end, tag.name, depth, false);
    const std::vector<TemplateScope>* list = nullptr;
    bool flag = false;
    if (!FindSection(tag.name, list, flag)) return FailUnknown(tag);
    const bool has_any = list != nullptr ? !list->empty() : flag;
    if (tag.kind == '^' || list == nullptr || list->empty()) {
      return RenderUntil(end, tag.name, depth, (tag.kind == '^') != has_any);
    }
    const std::size_t start = at_;
    for (const TemplateScope& element : *list) {
      at_ = start;
      scopes_.push_back(&element);
      RenderUntil(end, tag.name, depth, true);
      scopes_.pop_back();
      if (!problem_.empty()) return;
    }
  }

  void WriteText(const Tag& tag) {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      const auto found = (*scope)->texts.find(tag.name);
      if (found != (*scope)->texts.end()) return Write(found->second, true);
    }
    FailUnknown(tag);
  }

  bool FindSection(const std::string& name, const std::vector<TemplateScope>*& list,
                   bool& flag) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const auto found = (*scope)->lists.find(name); found != (*scope)->lists.end()) {
        list = &found->second;
        return true;
      }
      if (const auto found = (*scope)->flags.find(name); found != (*scope)->flags.end()) {
        flag = found->second;
        return true;
      }
    }
    return false;
  }

  std::optional<Tag> NextTag(std::size_t end) {
    const std::size_t open = text_.find("{{", at_);
    if (open == std::string_view::npos || open >= end) return std::nullopt;
    const std::size_t close = text_.find("}}", open);
    const std::string_view inner =
        close == std::string_view::npos ? "" : text_.substr(open + 2, close - open - 2);
    Tag tag;
    std::string_view name = Trimmed(inner);
    if (!name.empty() && std::string_view("#^/").find(name[0]) != std::string_view::npos) {
      tag.kind = name[0];
      name = Trimmed(name.substr(1));
    }
    const bool is_name = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
    if (!is_name) {
      Fail(open, "\"{{\" begins no tag such as {{port}}, {{#keys}} or {{/keys}}");
      return std::nullopt;
    }
    tag.name = name;
    tag.begin = open;
    tag.end = close + 2;
    if (tag.kind != ' ') TakeWholeLine(tag);
    return tag;
  }

  void TakeWholeLine(Tag& tag) const {
    const std::size_t newline =
        tag.begin == 0 ? std::string_view::npos : text_.rfind('\n', tag.begin - 1);
    const std::size_t line = newline == std::string_view::npos ? 0 : newline + 1;
    const std::size_t line_end = std::min(text_.find('\n', tag.end), text_.size());
    const bool alone = Trimmed(text_.substr(line, tag.begin - line)).empty() &&
                       Trimmed(text_.substr(tag.end, line_end - tag.end)).empty();
    // A text of one line alone is no line of a file.
    if (!alone || (line == 0 && line_end == text_.size())) return;
    tag.begin = std::max(line, at_);
    tag.end = std::min(line_end + 1, text_.size());
  }

  void Write(std::string_view text, bool shown) {
    if (shown) out_ += text;
    if (out_.size() > kMaxBytes) problem_ = "renders to more than 16 MiB";
  }

  void FailUnknown(const Tag& tag) { Fail(tag.begin, "unknown name {{" + tag.name + "}} here"); }

  void Fail(std::size_t at, const std::string& reason) {
    if (!problem_.empty()) return;
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<long>(at), '\n');
    problem_ = "line " + std::to_string(line) + ": " + reason;
  }

  const std::string_view text_;
  std::vector<const TemplateScope*> scopes_;
  std::size_t at_ = 0;
  std::string out_;
  std::string problem_;
};

}  // namespace

Result<std::string> RenderTemplate(std::string_view text,
                                   const std::vector<const TemplateScope*>& scopes) {
  return Renderer(text, scopes).Run();
}

}  // namespace keywalk::conformance
