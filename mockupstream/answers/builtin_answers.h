// The files of mockupstream/answers/ as they were when this library was built.
#ifndef KEYWALK_MOCKUPSTREAM_ANSWERS_BUILTIN_ANSWERS_H_
#define KEYWALK_MOCKUPSTREAM_ANSWERS_BUILTIN_ANSWERS_H_

#include <span>
#include <string_view>

namespace keywalk::mock {

struct AnswerFile {
  std::string_view name;  // "openai.json"
  std::string_view json;
};

// In the order of mockupstream/CMakeLists.txt. Immutable, never destroyed.
std::span<const AnswerFile> AnswerFiles() noexcept;

}  // namespace keywalk::mock

#endif  // KEYWALK_MOCKUPSTREAM_ANSWERS_BUILTIN_ANSWERS_H_
