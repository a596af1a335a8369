#include "http/http2_client.hpp"

namespace wheelbarrow::http {

std::uint32_t error_code(const Frame& frame) {
  if (frame.type != h2::goaway && frame.type != h2::reset) return UINT32_MAX;
  std::uint32_t code = 0;
  for (const char c : frame.payload.substr(frame.type == h2::goaway ? 4 : 0, 4)) {
    code = code << 8 | static_cast<unsigned char>(c);
  }
  return code;
}

std::string request(std::uint32_t stream, std::string_view fields) {
  return h2::frame(h2::headers, h2::end_headers | h2::end_stream, stream, fields);
}

std::string body_of(FrameReader& reader, std::uint32_t stream) {
  std::string body;
  while (true) {
    const Frame frame = reader.any();
    if (frame.type == 255) return body + "(closed)";
    if (frame.stream != stream) continue;
    if (frame.type == h2::reset) return body + "(reset " + std::to_string(error_code(frame)) + ")";
    if (frame.type == h2::data) body += frame.payload;
    const bool ends = frame.type == h2::data || frame.type == h2::headers;
    if (ends && (frame.flags & h2::end_stream) != 0) return body;
  }
}

}  // namespace wheelbarrow::http
