# Writes OUTPUT, a .cpp that holds the bytes of FILES (paths below FOLDER) as the program's read-only data:
# wheelbarrow::web::embedded_files() of embedded.hpp.
set(arrays "")
set(rows "")
set(number 0)
foreach(file IN LISTS FILES)
  file(READ ${FOLDER}/${file} hex HEX)
  file(SHA256 ${FOLDER}/${file} sha256)
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${hex}")
  # Adjacent literals join; short lines keep compilers and editors calm. Four characters stand for one byte.
  string(REGEX REPLACE "((\\\\x..)(\\\\x..)?(\\\\x..)?(\\\\x..)?(\\\\x..)?(\\\\x..)?(\\\\x..)?(\\\\x..)?)" "\"\\1\"\n" lines
    "${bytes}")
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(APPEND arrays "constexpr char file_${number}[] =\n${lines};\n")
  string(APPEND rows "    {\"${file}\", {file_${number}, ${size}}, \"${sha256}\"},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"web/embedded.hpp\"

namespace wheelbarrow::web {
namespace {

${arrays}
constexpr EmbeddedFile files[] = {
${rows}};

}  // namespace

std::span<const EmbeddedFile> embedded_files() { return files; }

}  // namespace wheelbarrow::web
")
