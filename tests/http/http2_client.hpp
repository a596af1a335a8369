// HTTP/2 in a test's words, on a RawClient.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/raw_client.hpp"

namespace wheelbarrow::http {

// More of HTTP/2's numbers (RFC 9113 6.5.2, 7; RFC 9218 7.1).
namespace h2 {
inline constexpr std::uint8_t priority = 2, priority_update = 0x10, padded = 8;
inline constexpr std::uint16_t initial_window_size = 4;
inline constexpr std::uint32_t no_error = 0, protocol_error = 1, stream_closed = 5, refused_stream = 7,
                               cancel = 8, enhance_your_calm = 0xb;
}  // namespace h2

// That of a GOAWAY or RST_STREAM; nothing that exists for another frame.
std::uint32_t error_code(const Frame& frame);

// A whole request without a body.
std::string request(std::uint32_t stream, std::string_view fields);

// The body of a stream's response; other streams' frames are skipped. Ends with "(reset CODE)" or "(closed)"
// if that is how it ended.
std::string body_of(FrameReader& reader, std::uint32_t stream);

}  // namespace wheelbarrow::http
