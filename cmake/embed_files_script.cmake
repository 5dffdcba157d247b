# Writes OUTPUT, the definition of FUNCTION (HEADER), from FILES: see EmbedFiles.cmake.
set(entries "")
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} ${NAMED_BY})
  file(READ ${file} text)
  string(APPEND entries "    {\"${name}\", R\"embedded(${text})embedded\"},\n")
endforeach()
file(WRITE ${OUTPUT} "// Made by embed_files_script.cmake.
#include \"${HEADER}\"

namespace ${NAMESPACE} {
namespace {

constexpr ${TYPE} kFiles[] = {
${entries}};

}  // namespace

std::span<const ${TYPE}> ${FUNCTION}() noexcept { return kFiles; }

}  // namespace ${NAMESPACE}
")
