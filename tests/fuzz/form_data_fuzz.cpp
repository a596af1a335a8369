// multipart/form-data. The first line of an input is the request's Content-Type, the rest is the body.
#include <algorithm>
#include <string>

#include "fuzz/check.hpp"
#include "http/form_data.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wheelbarrow;
  std::string_view body = fuzz::text_of(data, size);
  const std::string_view type = body.substr(0, body.find('\n'));
  body.remove_prefix(std::min(type.size() + 1, body.size()));
  const auto form = http::parse_form_data(body, type);
  if (!form) return 0;
  const char* at = body.data();
  for (const http::FormPart& part : *form) {
    fuzz::check(
        part.content.data() >= at && part.content.data() + part.content.size() <= body.data() + body.size(),
        "parts are pieces of the body, in order", body);
    at = part.content.data() + part.content.size();
  }
  return 0;
}
