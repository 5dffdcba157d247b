# Writes OUTPUT, the definition of AnswerFiles() (builtin_answers.h), from FILES.
set(entries "")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  file(READ ${file} text)
  string(APPEND entries "    {\"${name}\", R\"answers(${text})answers\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made by embed_answers.cmake.
#include \"mockupstream/builtin_answers.h\"

namespace keywalk::mock {
namespace {

constexpr AnswerFile kFiles[] = {
${entries}};

}  // namespace

std::span<const AnswerFile> AnswerFiles() noexcept { return kFiles; }

}  // namespace keywalk::mock
")
