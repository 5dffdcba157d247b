# keywalk_embed_files(VAR HEADER H NAMESPACE N TYPE T FUNCTION F NAMED_BY C FILES files...): makes a
# source file with the texts of JSON files, so that a binary needs no file to know them, and puts its
# path into VAR. It defines `std::span<const T> F() noexcept`, declared in H in namespace N, where T
# is an aggregate of two std::string_view: a file's name (C: NAME, or NAME_WE for the stem) and its
# text, in the order of FILES.
set(KEYWALK_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed_files_script.cmake)

function(keywalk_embed_files variable)
  cmake_parse_arguments(ARG "" "HEADER;NAMESPACE;TYPE;FUNCTION;NAMED_BY" "FILES" ${ARGN})
  get_filename_component(stem ${ARG_HEADER} NAME_WE)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${stem}.cc)
  list(TRANSFORM ARG_FILES PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/" REGEX "^[^/]")
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} "-DFILES=${ARG_FILES}" -DOUTPUT=${output} -DHEADER=${ARG_HEADER}
            -DNAMESPACE=${ARG_NAMESPACE} -DTYPE=${ARG_TYPE} -DFUNCTION=${ARG_FUNCTION}
            -DNAMED_BY=${ARG_NAMED_BY}
            -P ${KEYWALK_EMBED_SCRIPT}
    DEPENDS ${ARG_FILES} ${KEYWALK_EMBED_SCRIPT}
    COMMENT "Embedding ${stem}"
    VERBATIM)
  set(${variable} ${output} PARENT_SCOPE)
endfunction()
