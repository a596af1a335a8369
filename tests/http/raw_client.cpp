#include "http/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace wheelbarrow::http {

using Clock = std::chrono::steady_clock;

RawClient::RawClient(unsigned short port, int receive_buffer) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (receive_buffer > 0) {
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(socket_);
    throw std::runtime_error("can't connect to port " + std::to_string(port));
  }
  // Several sends in a row would otherwise wait for each other's acknowledgements.
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

RawClient::~RawClient() {
  if (socket_ >= 0) ::close(socket_);
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawClient::end_sending() {
  ::shutdown(socket_, SHUT_WR);
}

void RawClient::reset() {
  const linger option{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &option, sizeof option);
  ::close(socket_);
  socket_ = -1;
}

bool RawClient::receive(Clock::time_point deadline) {
  if (closed_) return false;
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(0, left))) <= 0) return false;
  std::array<char, 65536> buffer{};
  const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (size <= 0) {
    closed_ = true;
    return false;
  }
  pending_.append(buffer.data(), static_cast<std::size_t>(size));
  return true;
}

std::string RawClient::read_all(std::chrono::milliseconds time) {
  const auto deadline = Clock::now() + time;
  while (receive(deadline)) {
  }
  return std::exchange(pending_, {});
}

std::string RawClient::read(std::size_t size, std::chrono::milliseconds time) {
  const auto deadline = Clock::now() + time;
  while (pending_.size() < size && receive(deadline)) {
  }
  std::string result = pending_.substr(0, size);
  pending_.erase(0, size);
  return result;
}

std::string RawClient::read_response(bool head_only) {
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  std::size_t head = pending_.find("\r\n\r\n");
  while (head == std::string::npos && receive(deadline)) {
    head = pending_.find("\r\n\r\n");
  }
  if (head == std::string::npos) return std::exchange(pending_, {});
  const std::size_t field = pending_.find("content-length: ");
  const bool has_length = field < head && !head_only;
  return read(head + 4 + (has_length ? std::stoul(pending_.substr(field + 16)) : 0));
}

bool RawClient::closed_within(std::chrono::milliseconds time) {
  const auto deadline = Clock::now() + time;
  while (receive(deadline)) {
  }
  return closed_;
}

namespace h2 {

std::string number(std::uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string bytes = number(static_cast<std::uint32_t>(payload.size())).substr(1);
  bytes += static_cast<char>(type);
  bytes += static_cast<char>(flags);
  return bytes.append(number(stream)).append(payload);
}

namespace {

// An HPACK string without Huffman coding (RFC 7541 5.1, 5.2).
std::string hpack_string(std::string_view text) {
  std::string bytes;
  std::size_t length = text.size();
  if (length < 127) {
    bytes += static_cast<char>(length);
  } else {
    bytes += '\x7f';
    for (length -= 127; length >= 128; length /= 128) {
      bytes += static_cast<char>(length % 128 + 128);
    }
    bytes += static_cast<char>(length);
  }
  return bytes.append(text);
}

}  // namespace

std::string field(std::string_view name, std::string_view value) {
  return std::string(1, '\0') + hpack_string(name) + hpack_string(value);
}

std::string get(std::string_view path, std::string_view authority) {
  return field(":method", "GET") + field(":scheme", "http") + field(":path", path) +
         field(":authority", authority);
}

std::string setting(std::uint16_t id, std::uint32_t value) {
  return number(id).substr(2) + number(value);
}

std::string preface(std::string_view entries) {
  return "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(h2::settings, 0, 0, entries);
}

}  // namespace h2

Frame FrameReader::any() {
  const std::string head = client_.read(9);
  if (head.size() < 9) return Frame{.type = 255, .flags = 0, .stream = 0, .payload = {}};
  const auto byte = [&head](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(head[i]));
  };
  Frame frame;
  frame.type = static_cast<std::uint8_t>(byte(3));
  frame.flags = static_cast<std::uint8_t>(byte(4));
  frame.stream = byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8);
  frame.payload = client_.read(byte(0) << 16 | byte(1) << 8 | byte(2));
  return frame;
}

Frame FrameReader::next(std::uint8_t type) {
  Frame frame = any();
  while (frame.type != type && frame.type != 255) {
    frame = any();
  }
  return frame;
}

}  // namespace wheelbarrow::http
