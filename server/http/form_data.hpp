// Forms as browsers and upload tools send them: multipart/form-data (RFC 7578, RFC 2046 5.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace wheelbarrow::http {

// Valid as long as the body is.
struct FormPart {
  std::string name;
  std::optional<std::string> filename;
  std::string_view content;
};

// The parts in order. In: the whole body, and the request's Content-Type. ErrorKind::invalid_input if it is
// no such form, is cut short, or has more than 10,000 parts or a part with more than 16 KiB of fields.
Result<std::vector<FormPart>> parse_form_data(std::string_view body, std::string_view content_type);

}  // namespace wheelbarrow::http
