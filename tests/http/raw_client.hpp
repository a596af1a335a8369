// A TCP client that says exactly what a test wants it to say.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wheelbarrow::http {

class RawClient {
 public:
  explicit RawClient(unsigned short port, int receive_buffer = 0);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False once the server has reset the connection.
  bool send(std::string_view bytes);
  void end_sending();
  void reset();  // closes with RST

  // Everything until the server closes, or the time is up.
  std::string read_all(std::chrono::milliseconds time = std::chrono::seconds(10));
  // At least so many bytes, unless the server closes or the time is up.
  std::string read(std::size_t size, std::chrono::milliseconds time = std::chrono::seconds(10));
  // One HTTP/1.1 response by its Content-Length; `head_only` for HEAD.
  std::string read_response(bool head_only = false);
  // Whether the server has closed; waits so long for it.
  bool closed_within(std::chrono::milliseconds time);

 private:
  bool receive(std::chrono::steady_clock::time_point deadline);

  int socket_;
  bool closed_ = false;
  std::string pending_;
};

struct Frame {
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
};

// HTTP/2 frame types and flags (RFC 9113 6).
namespace h2 {
inline constexpr std::uint8_t data = 0, headers = 1, reset = 3, settings = 4, ping = 6, goaway = 7,
                              window = 8, continuation = 9;
inline constexpr std::uint8_t ack = 1, end_stream = 1, end_headers = 4;
std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload = {});
// A literal field without indexing and without Huffman coding (RFC 7541 6.2.2).
std::string field(std::string_view name, std::string_view value);
// The pseudo-fields of a GET.
std::string get(std::string_view path, std::string_view authority = "test");
std::string number(std::uint32_t value);
std::string setting(std::uint16_t id, std::uint32_t value);
// The client's preface with these settings.
std::string preface(std::string_view entries = {});
}  // namespace h2

// Reads frames off a client; acknowledges nothing.
class FrameReader {
 public:
  explicit FrameReader(RawClient& client) : client_(client) {}
  // The next frame of that type, skipping others; type 255 when the server closed first.
  Frame next(std::uint8_t type);
  // Any next frame.
  Frame any();

 private:
  RawClient& client_;
};

}  // namespace wheelbarrow::http
