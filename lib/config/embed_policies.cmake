# Writes OUTPUT, the definition of BuiltinPolicies() (builtin_policies.h), from FILES: each policy's
# name is its file's stem.
set(entries "")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME_WE)
  file(READ ${file} text)
  string(APPEND entries "    {\"${name}\", R\"policy(${text})policy\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made by embed_policies.cmake.
#include \"config/builtin_policies.h\"

namespace keywalk::config {
namespace {

constexpr BuiltinPolicy kPolicies[] = {
${entries}};

}  // namespace

std::span<const BuiltinPolicy> BuiltinPolicies() noexcept { return kPolicies; }

}  // namespace keywalk::config
")
