// Media types by file name.
#pragma once

#include <string_view>

namespace wheelbarrow::http {

// By the last extension, case-insensitively: ".wasm" is application/wasm, ".mjs" and ".js" text/javascript,
// ".whl" and ".zip" application/zip, ".tar" application/x-tar, ".json" application/json, ".py" text/x-python,
// and the usual web types; text types carry charset=utf-8. Unknown: application/octet-stream.
std::string_view media_type(std::string_view filename);

// Whether bytes of this type usually get smaller by compressing (text, JSON, JavaScript, wasm, tar, svg,
// ...).
bool is_compressible(std::string_view media_type);

}  // namespace wheelbarrow::http
